"""Prints the facts of this machine as JSON. Run as `python3 -m gedanken_world`."""

import getpass
import json
import platform
from pathlib import Path

import torch


def os_name():
    """Return the operating system's name and version, for example `Debian GNU/Linux 12`."""
    release = platform.freedesktop_os_release()
    return f"{release['NAME']} {release.get('VERSION_ID', '')}".strip()


def gpus():
    """Return the `count` of the GPUs that torch.cuda sees, and `name` and `memory_mib` of the first."""
    # Other sources, such as nvidia-smi, may show GPUs that a program cannot use.
    count = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if not count:
        return {"count": 0}
    first = torch.cuda.get_device_properties(0)
    return {"count": count, "name": first.name, "memory_mib": first.total_memory >> 20}


print(
    json.dumps(
        {
            "os": os_name(),
            "python": platform.python_version(),
            "torch": torch.__version__,
            "cuda": torch.version.cuda if torch.cuda.is_available() else "none",
            "gpus": gpus(),
            "user": getpass.getuser(),
            "directory": str(Path.cwd()),
        }
    )
)
