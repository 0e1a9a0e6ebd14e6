"""Prints the facts of this machine as JSON. Run as `python3 -m gedanken_world`."""

import getpass
import json
import platform
import runpy
from importlib.util import find_spec
from pathlib import Path


def os_name():
    """Return the operating system's name and version, for example `Debian GNU/Linux 12`."""
    release = platform.freedesktop_os_release()
    return f"{release['NAME']} {release.get('VERSION_ID', '')}".strip()


def torch_build():
    """Return the variables of `torch.version`, such as `__version__` and `cuda`. Raises ModuleNotFoundError."""
    spec = find_spec("torch")
    if spec is None:
        raise ModuleNotFoundError("No module named 'torch'")
    return runpy.run_path(str(Path(spec.origin).with_name("version.py")))


def cuda(build):
    """Return the version of CUDA that torch can use, or `none`, and the GPUs that torch.cuda sees: their `count`, and
    `name` and `memory_mib` of the first."""
    if not build.get("cuda") and not build.get("hip"):
        return "none", {"count": 0}  # this build sees no GPU, so torch need not be imported, which takes seconds
    import torch

    # Other sources, such as nvidia-smi, may show GPUs that a program cannot use.
    count = torch.cuda.device_count() if torch.cuda.is_available() else 0
    version = torch.version.cuda if torch.cuda.is_available() else "none"
    if not count:
        return version, {"count": 0}
    first = torch.cuda.get_device_properties(0)
    return version, {"count": count, "name": first.name, "memory_mib": first.total_memory >> 20}


build = torch_build()
cuda_version, gpus = cuda(build)
print(
    json.dumps(
        {
            "os": os_name(),
            "python": platform.python_version(),
            "torch": build["__version__"],
            "cuda": cuda_version,
            "gpus": gpus,
            "user": getpass.getuser(),
            "directory": str(Path.cwd()),
        }
    )
)
