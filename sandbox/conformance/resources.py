"""Checks of resources: memory, cores, files and disk."""

from functools import partial

from gedanken.experiment.execution import Cause
from gedanken.sandbox.conformance.check import (
    SMALL,
    Check,
    Trial,
    Verdict,
    refused,
    refused_or,
    still_usable,
    type_command,
)

_check = partial(Check, group="resources")
_LITTLE_MEMORY = SMALL.model_copy(update={"memory_mib": 128})
_LITTLE_DISK = SMALL.model_copy(update={"workspace_mib": 32, "workspace_files": 1000, "file_mib": 8})
_HALF_A_CORE = SMALL.model_copy(update={"cpus": 0.5})

MEMORY_HOG = """
pieces = []
try:
    while len(pieces) < (@memory_mib@ + 96) // 8:
        pieces.append(bytearray(b"x") * (8 << 20))
except MemoryError:
    kept = 8 * len(pieces)
    pieces.clear()
    held(f"{kept} MiB, then no more")
else:
    breach(f"{8 * len(pieces)} MiB, but only @memory_mib@ are allowed")
"""

CHILD_HOG = """
hog = "pieces = [bytearray(b'x') * (8 << 20) for _ in range((@memory_mib@ + 96) // 8)]"
child = subprocess.run([sys.executable, "-c", hog], stderr=subprocess.DEVNULL)
(held if child.returncode else breach)(f"the child ended with {child.returncode}, its parent continues")
"""

SHARED_MEMORY = """
written = 0
try:
    for number in range((@memory_mib@ + 96) // 8):
        with open(f"/dev/shm/fill{number}", "wb") as file:
            written += file.write(b"x" * (8 << 20)) >> 20
except OSError as error:
    held(f"{written} MiB, then {error.strerror}")
else:
    breach(f"{written} MiB of shared memory, but only @memory_mib@ of memory are allowed")
for name in os.listdir("/dev/shm") if os.path.isdir("/dev/shm") else ():
    if name.startswith("fill"):
        os.unlink(f"/dev/shm/{name}")
"""

SPIN = """
begun = time.monotonic()
children = []
for _ in range(2):
    pid = os.fork()
    if pid == 0:
        while time.monotonic() < begun + 2:
            pass
        os._exit(0)
    children.append(pid)
for pid in children:
    os.waitpid(pid, 0)
used = os.times()
share = (used.children_user + used.children_system) / (time.monotonic() - begun)
(held if share <= 1.3 * @cpus@ else breach)(f"{share:.2f} cores used, @cpus@ allowed")
"""

OPEN_FILES = """
kept = []
try:
    while len(kept) < @open_files@ + 64:
        kept.append(os.dup(0))
except OSError as error:
    held(f"{len(kept)} files, then {error.strerror}")
else:
    breach(f"{len(kept)} open files, but only @open_files@ are allowed")
"""

RAISED_LIMITS = """
import resource
for name in ("RLIMIT_NOFILE", "RLIMIT_CORE", "RLIMIT_FSIZE"):
    which = getattr(resource, name)
    hard = resource.getrlimit(which)[1]
    if hard == resource.RLIM_INFINITY:
        breach(f"{name} is not limited")
        continue
    try:
        resource.setrlimit(which, (hard + 1, hard + 1))
    except (ValueError, OSError) as error:
        held(f"{name} cannot be raised")
    else:
        breach(f"{name} was raised")
"""

CORE_DUMP = """
import resource
before = set(os.listdir("."))
child = subprocess.run([sys.executable, "-c", "import ctypes; ctypes.string_at(0)"], stderr=subprocess.DEVNULL)
new = set(os.listdir(".")) - before
limit = resource.getrlimit(resource.RLIMIT_CORE)
if limit != (0, 0) or new:
    breach(f"a crash leaves {new or 'a core file where the pattern says so'}, its size limited to {limit}")
else:
    held(f"a crash (exit code {child.returncode}) leaves nothing")
"""

OOM_SCORE = """
def spare():
    with open("/proc/self/oom_score_adj", "w") as file:
        file.write("-900")
refused("having others killed for memory first", spare)
"""

_FILL_CODE = """
written = 0
try:
    while written < @workspace_mib@ + 60:
        with open(f"{folder}/fill{written}", "wb") as file:
            file.write(b"x" * (4 << 20))
        written += 4
except OSError as error:
    held(f"{written} MiB, then {error.strerror}")
else:
    time.sleep(5)  # time for a limit that is only checked periodically
    breach(f"{written} MiB, but only @workspace_mib@ are allowed")
"""
DISK_FILL = "folder = os.path.expanduser('~')" + _FILL_CODE
TMP_FILL = "import tempfile; folder = tempfile.gettempdir()" + _FILL_CODE
MEMORY_FOLDER_FILL = "folder = os.environ.get('GEDANKEN_SESSION', '/run/session')" + _FILL_CODE

INODE_FILL = """
made = 0
os.makedirs("many", exist_ok=True)
try:
    while made < @workspace_files@ + 1500:
        open(f"many/{made}", "w").close()
        made += 1
except OSError as error:
    held(f"{made} files, then {error.strerror}")
else:
    time.sleep(5)  # time for a limit that is only checked periodically
    breach(f"{made} files, but only @workspace_files@ are allowed")
"""

SPARSE_FILE = """
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
def stretch():
    with open("sparse", "wb") as file:
        file.truncate(1 << 40)
refused("a file of 1 TB without content", stretch)
os.path.exists("sparse") and os.unlink("sparse")
"""

LARGE_FILE = """
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
def grow():
    with open("large", "wb", buffering=0) as file:
        for _ in range(2 * @file_mib@):
            if file.write(b"x" * (1 << 20)) < 1 << 20:
                raise OSError(errno.EFBIG, os.strerror(errno.EFBIG))
refused("a file of twice the limit", grow)
os.unlink("large")
"""


def hog_ends_alone(trial: Trial) -> Verdict:
    """Pass if the child that asks for too much memory failed, and its parent finished."""
    if trial.execution.cause is not Cause.FINISHED:
        return Verdict(False, f"the parent did not finish: {trial.execution.cause}")
    return refused(trial)


CHECKS = (
    _check(
        "memory-hog",
        promise="A program gets no more memory than the limit, including swap.",
        program=MEMORY_HOG,
        judge=refused_or(Cause.OUT_OF_MEMORY),
        limits=_LITTLE_MEMORY,
    ),
    _check(
        "memory-hog-child",
        promise="Only the child that takes too much memory is killed, and the parent's end is not attributed to "
        "memory.",
        program=CHILD_HOG,
        judge=hog_ends_alone,
        limits=_LITTLE_MEMORY,
    ),
    _check(
        "shared-memory-fill",
        promise="Shared memory counts towards the memory limit.",
        program=SHARED_MEMORY,
        judge=refused_or(Cause.OUT_OF_MEMORY),
        limits=_LITTLE_MEMORY,
    ),
    _check(
        "spin",
        promise="A program gets no more cores than the limit, however many processes are busy.",
        program=SPIN,
        judge=refused,
        limits=_HALF_A_CORE,
    ),
    _check(
        "open-files",
        promise="A program cannot have more files open than the limit allows.",
        program=OPEN_FILES,
        judge=refused,
    ),
    _check("raised-limits", promise="A program cannot raise its limits.", program=RAISED_LIMITS, judge=refused),
    _check("core-dump", promise="A crash writes no core file.", program=CORE_DUMP, judge=refused),
    _check(
        "oom-score",
        promise="A program cannot make the kernel kill others first when memory runs out.",
        program=OOM_SCORE,
        judge=refused,
    ),
    _check(
        "disk-fill",
        promise="A program cannot write more than fits in the workspace, and the next command can delete its files.",
        program=DISK_FILL,
        judge=still_usable(refused_or(Cause.DISK_FULL)),
        limits=_LITTLE_DISK,
        needs_own_machine=True,
        sequel=type_command("rm -f ~/fill* && echo well"),
    ),
    _check(
        "tmp-fill",
        promise="The temporary folder counts towards the workspace limit.",
        program=TMP_FILL,
        judge=refused_or(Cause.DISK_FULL),
        limits=_LITTLE_DISK,
        needs_own_machine=True,
    ),
    _check(
        "terminal-memory-fill",
        promise="The folder of the terminal's saved state counts towards the workspace limit.",
        program=MEMORY_FOLDER_FILL,
        judge=still_usable(refused_or(Cause.DISK_FULL)),
        limits=_LITTLE_DISK,
        needs_own_machine=True,
        sequel=type_command("rm -f ${GEDANKEN_SESSION:-/run/session}/fill*; echo well"),
    ),
    _check(
        "inode-fill",
        promise="No more files and folders can be made than the limit allows.",
        program=INODE_FILL,
        judge=still_usable(refused_or(Cause.DISK_FULL)),
        limits=_LITTLE_DISK,
        needs_own_machine=True,
        sequel=type_command("rm -rf ~/many && echo well"),
    ),
    _check(
        "sparse-file",
        promise="A sparse file of 1 TB is refused, although it takes no space.",
        program=SPARSE_FILE,
        judge=refused_or(Cause.DISK_FULL),
    ),
    _check(
        "large-file",
        promise="No file can grow beyond the limit.",
        program=LARGE_FILE,
        judge=refused_or(Cause.DISK_FULL),
        limits=_LITTLE_DISK,
    ),
)
