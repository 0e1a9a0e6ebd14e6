"""Checks of processes: how many are allowed, how they end, and which other processes they see."""

from functools import partial
from pathlib import Path

from gedanken.experiment.execution import Cause
from gedanken.sandbox.conformance.check import SMALL, Check, Trial, Verdict, ends, refused, still_usable, type_command
from gedanken.sandbox.conformance.neighbour import NEIGHBOUR_NAME
from gedanken.sandbox.engine import GRACE_SECONDS

_check = partial(Check, group="processes")
_SHORT_LIMITS = SMALL.model_copy(update={"wall_seconds": 1.0})
_STOP_SECONDS = _SHORT_LIMITS.wall_seconds + GRACE_SECONDS + 5
# Two programs run at once, and must be able to do so on one core.
_HALF_A_CORE = SMALL.model_copy(update={"cpus": 0.5})
_NAMESPACES = ("pid", "net", "mnt", "ipc")

FORK_BOMB = """
children = []
try:
    while len(children) < 200:
        pid = os.fork()
        if pid == 0:
            time.sleep(15)
            os._exit(0)
        children.append(pid)
except OSError as error:
    held(f"{len(children)} processes, then {error.strerror}")
else:
    breach(f"{len(children)} processes, but only @processes@ are allowed")
for pid in children:
    os.kill(pid, signal.SIGKILL)
"""

THREAD_BOMB = """
import threading
threading.stack_size(256 << 10)
ended = threading.Event()
started = 0
try:
    while started < 200:
        threading.Thread(target=ended.wait, daemon=True).start()
        started += 1
except RuntimeError as error:
    held(f"{started} threads, then {error}")
else:
    breach(f"{started} threads, but only @processes@ are allowed")
ended.set()
"""

DOUBLE_FORK = """
print("started", flush=True)
if os.fork() == 0:
    os.setsid()
    for name in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        signal.signal(name, signal.SIG_IGN)
    if os.fork() == 0:
        null = os.open("/dev/null", os.O_RDWR)
        for stream in range(3):
            os.dup2(null, stream)
        time.sleep(60)
    os._exit(0)
time.sleep(1)
"""

BACKGROUND_CHILD = """
print("started", flush=True)
if os.fork() == 0:
    time.sleep(60)
time.sleep(1)
os._exit(0)
"""

ASKED = """
def stop(*_):
    print("asked to stop", flush=True)
    sys.exit(3)
signal.signal(signal.SIGTERM, stop)
print("started", flush=True)
time.sleep(60)
"""

IGNORER = """
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("started", flush=True)
end = time.monotonic() + 60
while time.monotonic() < end:
    time.sleep(1)
"""

IGNORING_FAMILY = """
signal.signal(signal.SIGTERM, signal.SIG_IGN)
for _ in range(6):
    if os.fork() == 0:
        os.setsid()
        break
else:
    print("started", flush=True)
time.sleep(60)
"""

KILL_FIRST = """
first = open("/proc/1/comm").read().strip()
if first in ("systemd", "init", "launchd"):
    breach(f"the first process is the host's: {first}")
else:
    held(f"the first process is this machine's: {first}")
    for name in (signal.SIGSTOP, signal.SIGKILL, signal.SIGTERM):
        try:
            os.kill(1, name)
        except OSError:
            pass
    time.sleep(1)
"""

PROCESS_TABLE = """
seen = processes()
names = [open(f"/proc/{pid}/comm").read().strip() for pid in seen if os.path.exists(f"/proc/{pid}/comm")]
if "kthreadd" in names or len(seen) > 12:
    breach(f"{len(seen)} processes are visible, such as {names[-3:]}")
else:
    held(f"{len(seen)} processes are visible: {names}")
"""

NEIGHBOURS = f"""
found = []
for pid in processes():
    try:
        command = open(f"/proc/{{pid}}/cmdline", "rb").read()
    except OSError:
        continue
    if b"{NEIGHBOUR_NAME}" in command or b"@PROCESS@" in command:
        found.append(pid)
for pid in found:
    breach(f"process {{pid}} is another machine's or the host's")
    refused("a signal to it", lambda: os.kill(pid, 0))
if not found:
    held("no process of another machine or of the host is visible")
"""

PTRACE = """
PTRACE_SEIZE = 0x4206
ours = os.readlink("/proc/self/ns/pid")
def is_strange(pid):
    try:
        return os.stat(f"/proc/{pid}").st_uid != os.getuid() or os.readlink(f"/proc/{pid}/ns/pid") != ours
    except FileNotFoundError:
        return False
    except PermissionError:
        return True
child = os.fork()
if child == 0:
    try:
        os.setuid(10002)
    except OSError:
        pass
    time.sleep(3)
    os._exit(0)
time.sleep(0.3)
strange = [pid for pid in processes() if is_strange(pid)]
for pid in strange[:20]:
    # Seizing stops nobody, and lets go when this process ends.
    refused(f"tracing process {pid} of another", lambda: library("ptrace", PTRACE_SEIZE, pid, 0, 0))
if not strange:
    held("no process of another user or another machine is visible")
os.kill(child, signal.SIGKILL)
"""

PRIORITY = """
refused("a higher priority", lambda: os.setpriority(os.PRIO_PROCESS, 0, -5))
refused("a real-time priority", lambda: os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1)))
"""

NAMESPACES = """
for name in ("pid", "net", "mnt", "ipc"):
    print(name, os.readlink(f"/proc/self/ns/{name}"))
"""


def has_own_namespaces(trial: Trial) -> Verdict:
    """Pass if the program's process, network, mount and IPC namespaces differ from this process's."""
    namespaces = dict(line.split() for line in trial.execution.stdout.splitlines() if len(line.split()) == 2)
    if set(namespaces) != set(_NAMESPACES):
        return Verdict(False, "the program could not report its namespaces")
    shared = [name for name in _NAMESPACES if namespaces[name] == str(Path(f"/proc/self/ns/{name}").readlink())]
    return Verdict(not shared, f"shared with the host: {', '.join(shared)}" if shared else "pid, net, mnt, ipc")


CHECKS = (
    _check("fork-bomb", promise="There can be no more processes than the limit.", program=FORK_BOMB, judge=refused),
    _check("thread-bomb", promise="Threads count as processes.", program=THREAD_BOMB, judge=refused),
    _check(
        "setsid-double-fork",
        promise="A daemon in its own session that ignores signals ends with its command.",
        program=DOUBLE_FORK,
        judge=ends(Cause.FINISHED, within=10),
        searches_processes=True,
    ),
    _check(
        "background-child-holds-stdout",
        promise="A child that keeps the output open does not delay the command's end, and ends with it.",
        program=BACKGROUND_CHILD,
        judge=ends(Cause.FINISHED, within=10),
        searches_processes=True,
    ),
    _check(
        "sigterm-reaches-the-program",
        promise="At the time limit a program is asked to stop before it is killed.",
        program=ASKED,
        judge=ends(Cause.TIMED_OUT, within=_STOP_SECONDS, shows="asked to stop"),
        limits=_SHORT_LIMITS,
        harmless=True,
    ),
    _check(
        "sigterm-ignorer",
        promise="A program that does not stop is killed, and what it printed is kept.",
        program=IGNORER,
        judge=ends(Cause.TIMED_OUT, within=_STOP_SECONDS, shows="started"),
        limits=_SHORT_LIMITS,
        searches_processes=True,
        harmless=True,
    ),
    _check(
        "sigterm-ignoring-family",
        promise="Children in their own sessions are killed with the program.",
        program=IGNORING_FAMILY,
        judge=ends(Cause.TIMED_OUT, within=_STOP_SECONDS, shows="started"),
        limits=_SHORT_LIMITS,
        searches_processes=True,
    ),
    _check(
        "kill-first-process",
        promise="Signals to process 1 end at most the command that sends them; the next command runs.",
        program=KILL_FIRST,
        judge=still_usable(refused),
        sequel=type_command("echo well"),
    ),
    _check("process-table", promise="A program sees only its own processes.", program=PROCESS_TABLE, judge=refused),
    _check(
        "siblings-unseen",
        promise="Programs of other machines, and the host's, can be neither seen nor signalled.",
        program=NEIGHBOURS,
        judge=refused,
        limits=_HALF_A_CORE,
        neighbour=True,
    ),
    _check(
        "ptrace",
        promise="Processes of another user or another machine cannot be traced.",
        program=PTRACE,
        judge=refused,
        limits=_HALF_A_CORE,
        neighbour=True,
    ),
    _check("priority", promise="A program cannot raise its priority.", program=PRIORITY, judge=refused),
    _check(
        "namespaces",
        promise="Processes, network, mounts and IPC are separate from the host's.",
        program=NAMESPACES,
        judge=has_own_namespaces,
    ),
)
