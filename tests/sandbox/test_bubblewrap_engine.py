"""What bubblewrap guarantees, tried with real programs. Attacks are small and bounded."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pytest
from engine_terminal import DOUBLE_FORK, TRAINING, WAITS_FOR_SIGTERM, Typist, open_typist, read_job, sleepers

from gedanken.experiment.errors import NoSandbox
from gedanken.experiment.execution import Limits
from gedanken.experiment.progress import Silent
from gedanken.sandbox import cgroup
from gedanken.sandbox.bubblewrap_engine import NO_NESTED_NAMESPACES, BubblewrapEngine, open_bubblewrap
from gedanken.sandbox.engine import Order
from gedanken.sandbox.gpus import GpuRequest
from gedanken.sandbox.marked_processes import MARK, find_marked
from gedanken.sandbox.open_engine import open_engine
from gedanken.sandbox.owner import order_prefix

pytestmark = pytest.mark.bubblewrap

SMALL = Limits(wall_seconds=60, processes=40, memory_mib=256, open_files=64, file_mib=8, workspace_mib=64)
CALLS = """
import ctypes, errno, platform
libc = ctypes.CDLL(None, use_errno=True)
socket, ioctl, personality, clone = (41, 16, 135, 56) if platform.machine() == "x86_64" else (198, 29, 92, 220)
def refused(*call):
    return libc.syscall(*call) == -1 and ctypes.get_errno() == errno.EPERM
print([refused(*call) for call in (
    (socket, 40, 1, 0), (socket, 38, 5, 0), (ioctl, 0, 0x5412, b"x"), (personality, 0x40000),
    (personality, 0x80040001), (clone, 0x10000000 | 17, 0, 0, 0, 0), (425, 1, 0), (socket, 2, 1, 0),
    (personality, 0xffffffff), (personality, 8),
)])
"""
FORKS = """
import os, time
children = 0
try:
    while children < 100:
        if os.fork() == 0:
            time.sleep(60)
        children += 1
except OSError:
    pass
print(children, flush=True)
os.kill(0, 9)
"""
HOG = "block = bytearray()\nwhile len(block) < 1 << 30: block += bytes(1 << 24)\nprint('had it all')"


@pytest.fixture(scope="module")
def bubblewrap() -> BubblewrapEngine:
    return open_bubblewrap(Silent())


@pytest.fixture
def terminal(bubblewrap: BubblewrapEngine, mnist: Any) -> Iterator[Typist]:
    """A terminal with small limits."""
    with open_typist(bubblewrap, mnist[1], SMALL) as small_terminal:
        yield small_terminal


def test_where_bwrap_is_killed_as_it_starts_its_child_does_not_wait_forever(
    bubblewrap: BubblewrapEngine, tmp_path: Path
) -> None:
    name = f"{order_prefix('waits')}1"
    gate, gate_writer = os.pipe()
    wait_options = ["--userns-block-fd", str(gate), "--info-fd", "1", "--bind", "/", "/"]
    options = [option for option in bubblewrap.options if option != NO_NESTED_NAMESPACES]
    command = [bubblewrap.program, *options, *wait_options, "true"]
    with subprocess.Popen(command, env={MARK: name}, pass_fds=[gate], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None and process.stdout.read(1)
        children = psutil.Process(process.pid).children()
        process.kill()
    os.close(gate)
    os.close(gate_writer)
    assert children[0].is_running() and name in find_marked()
    bubblewrap.clear(tmp_path / "waits")
    children[0].wait(10)
    assert name not in find_marked()


def test_a_command_prints_and_ends_as_in_bash(terminal: Typist) -> None:
    result = terminal.type("echo out | tr a-z A-Z; echo err >&2; (exit 3) && echo no; exit 7")
    assert (result.stdout, result.stderr, result.ended.exit_code) == ("OUT\n", "err\n", 7)
    assert terminal.type("kill -SEGV $$").ended.exit_code == 128 + 11
    assert terminal.type("true").ended.exit_code == 0


def test_a_program_trains(bubblewrap: BubblewrapEngine, mnist: Any) -> None:
    with open_typist(bubblewrap, mnist[1]) as terminal:
        result = terminal.python(TRAINING)
    assert result.stdout == "learnt\n", result.stderr


def test_a_program_trains_within_the_data_limit_that_stands_in_for_a_memory_group(
    bubblewrap: BubblewrapEngine, mnist: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cgroup, "create_group", lambda name, _limits: cgroup.Cgroup(name, {}))
    engine_without_groups = replace(bubblewrap, controllers=frozenset())
    assert any(text.startswith("memory:") for text in engine_without_groups.not_enforced())
    with open_typist(engine_without_groups, mnist[1]) as terminal:
        result = terminal.python(TRAINING)
        assert result.stdout == "learnt\n", result.stderr
    with open_typist(engine_without_groups, mnist[1], SMALL) as terminal:
        assert "MemoryError" in terminal.python(HOG).stderr
        assert 20 < int(terminal.python(FORKS).stdout) < SMALL.processes


def test_the_terminal_remembers_files_directory_and_variables(terminal: Typist) -> None:
    terminal.type("mkdir -p a/b && cd a/b && export WHO=me && echo kept > /tmp/note")
    assert terminal.type("pwd; echo $WHO; cat /tmp/note").stdout == "/home/user/a/b\nme\nkept\n"


def test_a_program_that_is_asked_to_end_says_goodbye(terminal: Typist) -> None:
    terminal.workspace.write("program.py", WAITS_FOR_SIGTERM)
    with terminal.started("python3 program.py") as job:
        result = read_job(job, ("SIGTERM",))
    assert result.stdout == "ready\nasked\n"
    assert result.ended.seconds < 10


def test_a_kill_ends_what_ignores_to_be_asked(terminal: Typist) -> None:
    with terminal.started("trap '' TERM; echo ready; sleep 54.321 & while :; do sleep 1; done") as job:
        result = read_job(job, ("SIGTERM", "SIGKILL"))
        job.signal("SIGTERM")
    assert result.ended.exit_code == 128 + 9
    assert not sleepers("54.321")


@pytest.mark.parametrize("ending", ["", "; kill -9 $$"], ids=["finished", "killed"])
def test_what_detached_itself_dies_with_the_command(terminal: Typist, ending: str) -> None:
    terminal.workspace.write("program.py", DOUBLE_FORK)
    result = terminal.type(f"python3 program.py 43.2109; nohup sleep 43.2109 & sleep 0.5{ending}")
    assert result.ended.seconds < 10
    assert not sleepers("43.2109")


def test_streams_that_are_closed_early_do_not_end_the_job(terminal: Typist) -> None:
    result = terminal.type("echo first; exec >&- 2>&-; sleep 1; exit 5")
    assert (result.stdout, result.ended.exit_code) == ("first\n", 5)
    assert result.ended.seconds >= 1


def test_a_program_dies_with_its_controller(terminal: Typist) -> None:
    name = f"gedanken-test-{os.getpid()}-lost"
    controller = f"""
import sys
sys.path[:0] = {sys.path!r}
from test_bubblewrap_engine import *
from gedanken.sandbox.workspace import Workspace
folder, data = map(Path, {[str(terminal.workspace.folder), str(terminal.data)]!r})
job = open_bubblewrap(Silent()).start(Order({name!r}, "sleep 32.1098 & echo; wait", Workspace(folder), data, SMALL))
print(next(job.read()), flush=True)
sys.stdin.read()
"""
    command = [sys.executable, "-c", controller]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout and process.stdout.readline() == b"(b'\\n', None)\n"
        process.kill()
    assert not sleepers("32.1098")
    groups = [group for group in cgroup.find_groups() if group.name == name]
    assert bool(groups) == bool(cgroup.available_controllers())
    for group in groups:
        group.remove()


def test_processes_are_bounded(terminal: Typist) -> None:
    assert 20 < int(terminal.python(FORKS).stdout) < SMALL.processes


def test_memory_is_bounded_and_its_end_is_told(terminal: Typist) -> None:
    if "memory" not in cgroup.available_controllers():
        pytest.skip("no memory group may be made here")
    result = terminal.python(HOG)
    assert result.stdout == ""
    assert (result.ended.exit_code, result.ended.out_of_memory) == (128 + 9, True)
    assert terminal.type("true").ended.out_of_memory is False


def test_cores_are_bounded(bubblewrap: BubblewrapEngine, mnist: Any) -> None:
    if "cpu" not in cgroup.available_controllers():
        pytest.skip("no group for cores may be made here")
    limits = SMALL.model_copy(update={"cpus": 0.2})
    spin = (
        "import os, time\nend = time.monotonic() + 2\nwhile time.monotonic() < end: pass\nprint(sum(os.times()[:2]))"
    )
    with open_typist(bubblewrap, mnist[1], limits) as terminal:
        assert float(terminal.python(spin).stdout) < 1


def test_files_and_their_number_are_bounded(terminal: Typist) -> None:
    assert terminal.type("head -c 9M /dev/zero > big").ended.exit_code == 128 + 25
    program = "files = []\ntry:\n    while True: files.append(open('/dev/null'))\nexcept OSError as e: print(e.errno)"
    assert terminal.python(program).stdout == "24\n"
    assert terminal.type("head -c 200M /dev/zero > /dev/shm/big").ended.exit_code != 0


def test_nothing_of_the_network_is_reached(terminal: Typist) -> None:
    reach = "import socket\nprint(socket.if_nameindex())\nsocket.create_connection(('1.1.1.1', 53), 3)"
    result = terminal.python(reach)
    assert result.stdout == "[(1, 'lo')]\n"
    assert "Network is unreachable" in result.stderr


def test_nothing_of_the_host_is_seen_or_written(
    terminal: Typist, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    (tmp_path / "private").touch()
    hidden = f"{tmp_path}/private /etc/shadow /root /var /run/docker.sock /sys/fs/cgroup /dev/sda /dev/kvm"
    assert terminal.type(f"ls -d {hidden} 2>/dev/null").stdout == ""
    assert "secret" not in terminal.type("env; cat /proc/*/environ").stdout
    assert str(os.getpid()) not in terminal.type("ls /proc").stdout.split()
    assert terminal.type("ls /proc/self/fd").stdout.split() == ["0", "1", "2", "3"]
    hook, kernel = "/opt/gedanken/hook/gedanken_hook.py", "/proc/sys/kernel/hostname"
    for path in ("/x", "/usr/x", "/etc/x", "/opt/x", hook, "/opt/venv/x", "/data/x", "/dev/x", kernel):
        assert terminal.type(f"echo x > {path}").ended.exit_code == 1, path


def test_rights_cannot_be_gained(terminal: Typist) -> None:
    status = terminal.type("grep -E '^(Cap|NoNewPrivs|Seccomp:)' /proc/self/status").stdout.split()
    assert status[1::2] == ["0" * 16] * 5 + ["1", "2"]
    for command in (
        "unshare --user true",
        "unshare --net true",
        "mount -t tmpfs x /tmp",
        "mknod n b 7 0",
        "hostname x",
    ):
        assert terminal.type(command).ended.exit_code != 0, command
    assert terminal.type("cp /bin/sh . && chmod u+s sh && ./sh -pc 'id -u'").stdout.strip() not in ("", "0")
    assert terminal.python(CALLS).stdout == f"{[True] * 7 + [False] * 3}\n"


def test_signals_do_not_reach_out(terminal: Typist) -> None:
    assert terminal.type(f"kill -9 {os.getpid()}").ended.exit_code == 1
    started = time.monotonic()
    assert terminal.type("kill -9 -1; kill -9 1; echo alive").ended.exit_code != 0
    assert time.monotonic() - started < 10


def test_a_gigabyte_is_drained(terminal: Typist) -> None:
    with terminal.started("head -c 1G /dev/zero") as job:
        assert sum(len(stdout or b"") for stdout, _stderr in job.read()) == 1 << 30


def test_what_cannot_be_started_says_why(terminal: Typist) -> None:
    with pytest.raises(NoSandbox, match="gives programs no GPU"):
        open_engine("bubblewrap", Silent(), GpuRequest("all"))
    name = f"gedanken-test-{os.getpid()}-nowhere"
    order = Order(name, "true", terminal.workspace, Path("/nowhere"), terminal.limits)
    with pytest.raises(NoSandbox, match="/nowhere"):
        terminal.engine.start(order)
    assert name not in [group.name for group in cgroup.find_groups()]


def test_the_control_groups_that_a_runs_dead_controllers_left_are_removed_when_the_run_ends(
    bubblewrap: BubblewrapEngine,
) -> None:
    session = Path(f"/sessions/test-{os.getpid()}")
    lost_group, other_group = (
        cgroup.create_group(f"{order_prefix(name)}ab12-s0", SMALL) for name in (session.name, f"{session.name}0")
    )
    bubblewrap.clear(session)
    remaining_names = {group.name for group in cgroup.find_groups()}
    other_group.remove()
    assert lost_group.name not in remaining_names
    assert (other_group.name in remaining_names) == bool(cgroup.available_controllers())
