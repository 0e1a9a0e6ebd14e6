"""Prints the facts of this machine as JSON. Run as `python3 -m gedanken_world`."""

import ctypes
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


def cpu_build_of_torch():
    """Return the version of torch if it was built without GPU support and its libraries can be loaded; None
    otherwise.

    Importing such a torch would take seconds, and would tell nothing more.
    """
    try:
        folder = Path(find_spec("torch").origin).parent
        build = runpy.run_path(str(folder / "version.py"))
        ctypes.CDLL(str(folder / "lib" / "libtorch_python.so"))
    except Exception:  # the import, which comes then, says what is wrong
        return None
    return None if build.get("cuda") or build.get("hip") else build.get("__version__")


def torch_and_gpus():
    """Return the version of torch, the version of CUDA that it can use (or `none`), and the GPUs that torch.cuda
    sees.

    The GPUs are given as their `count`, and the `name` and `memory_mib` of the first one.
    """
    if version := cpu_build_of_torch():
        return {"torch": version, "cuda": "none", "gpus": {"count": 0}}
    import torch

    # Other sources, such as nvidia-smi, may show GPUs that a program cannot use.
    count = torch.cuda.device_count() if torch.cuda.is_available() else 0
    cuda = torch.version.cuda if torch.cuda.is_available() else "none"
    gpus = {"count": count}
    if count:
        first = torch.cuda.get_device_properties(0)
        gpus |= {"name": first.name, "memory_mib": first.total_memory >> 20}
    return {"torch": torch.__version__, "cuda": cuda, "gpus": gpus}


print(
    json.dumps(
        {
            "os": os_name(),
            "python": platform.python_version(),
            **torch_and_gpus(),
            "user": getpass.getuser(),
            "directory": str(Path.cwd()),
        }
    )
)
