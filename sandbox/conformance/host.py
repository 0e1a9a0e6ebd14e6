"""Checks of access to the host's files, secrets and devices."""

import socket
from functools import partial

from gedanken.sandbox.conformance.canary import VARIABLE
from gedanken.sandbox.conformance.check import SMALL, Check, Trial, Verdict, ending, refused

_check = partial(Check, group="host")

FILES = """
for path in "@FILES@".split(":"):
    for start in ("", "/proc/1/root", "/proc/self/root", "/proc/1/cwd/../../../../.."):
        refused("a file of the host", lambda: opened(start + path, os.O_RDONLY))
"""

SHADOW = """
refused("the password file", lambda: opened("/etc/shadow", os.O_RDONLY))
refused("root's home", lambda: os.listdir("/root"))
"""

# Only the judge knows the canary; this program must not.
ENVIRONMENT = """
looked = 0
for pid in processes():
    try:
        for part in open(f"/proc/{pid}/environ", "rb").read().split(b"\\0"):
            print(part.decode(errors="replace"))
        looked += 1
    except OSError:
        pass
names = [name for name in os.environ if any(word in name.upper() for word in ("KEY", "TOKEN", "SECRET", "PASSW"))]
if names:
    breach(f"the environment has {names}")
held(f"the environments of {looked} processes hold no key")
"""

WRITABLE = """
home, memory = os.path.expanduser("~"), os.environ.get("GEDANKEN_SESSION", "/run/session")
allowed = (home, memory, os.environ.get("TMPDIR", "/tmp"), "/tmp", "/dev/shm", "/dev/mqueue",
           "/dev/pts", "/proc", "/sys")
found = []
for folder, folders, _files in os.walk("/"):
    if folder in allowed or folder.startswith(tuple(f"{one}/" for one in allowed)):
        folders.clear()
    elif os.access(folder, os.W_OK):
        found.append(folder)
        folders.clear()
(breach if found else held)(f"writable besides home and temporary folder: {found[:5] or 'nothing'}")
"""

ROOT_FILES = """
def make(folder):
    path = f"{folder}/gedanken-probe"
    opened(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
    os.unlink(path)
for folder in ("/", "/usr/bin", "/usr/lib", "/etc", "/opt", "/var", "/home"):
    refused(folder, lambda: make(folder))
refused("/usr/bin/env", lambda: opened("/usr/bin/env"))
"""

DEVICES = """
usual = {"null", "zero", "full", "random", "urandom", "tty", "ptmx", "console"}
found = []
for folder, _folders, names in os.walk("/dev"):
    for name in names:
        mode = os.lstat(f"{folder}/{name}").st_mode
        is_device = stat.S_ISBLK(mode) or stat.S_ISCHR(mode)
        if is_device and name not in usual and folder != "/dev/pts" and not name.startswith("nvidia"):
            found.append(f"{folder}/{name}")
(breach if found else held)(f"devices besides the usual ones: {found[:5] or 'none'}")
"""

DEVICE_NODE = """
def make(kind, major, minor):
    os.mknod("node", kind | 0o600, os.makedev(major, minor))
    os.unlink("node")
refused("a character device", lambda: make(stat.S_IFCHR, 1, 3))
refused("a block device", lambda: make(stat.S_IFBLK, 7, 0))
"""

HOST_NAME = "import socket\nprint('name', socket.gethostname())\n"


def another_name(trial: Trial) -> Verdict:
    """Pass if the machine's host name differs from this host's."""
    words = trial.execution.stdout.split()
    if len(words) != 2:
        return Verdict(False, ending(trial.execution))
    return Verdict(words[1] != socket.gethostname(), f"it is called {words[1]}")


CHECKS = (
    _check(
        "host-files",
        promise="Files of the host are not visible, even if all users may read them.",
        program=FILES,
        judge=refused,
    ),
    _check("passwords", promise="The password file and root's home cannot be read.", program=SHADOW, judge=refused),
    _check(
        "host-environment",
        promise=f"No process in the sandbox has a key of gedanken's environment, such as the planted {VARIABLE}.",
        program=ENVIRONMENT,
        judge=refused,
        limits=SMALL.model_copy(update={"output_bytes": 1 << 20}),
    ),
    _check(
        "writable-places", promise="Nothing can be written except the workspace.", program=WRITABLE, judge=refused
    ),
    _check("root-file-system", promise="The system's files cannot be changed.", program=ROOT_FILES, judge=refused),
    _check("devices", promise="There are only the usual devices.", program=DEVICES, judge=refused),
    _check("mknod", promise="No device can be made.", program=DEVICE_NODE, judge=refused),
    _check("host-name", promise="The host's name is not visible.", program=HOST_NAME, judge=another_name),
)
