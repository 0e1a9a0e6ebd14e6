"""A session outlives the process that works on it. Only one process may use it at a time."""

import asyncio
import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from gedanken.experiment.errors import BadInput, NoSandbox
from gedanken.experiment.execution import Cause, Execution, Limits
from gedanken.sandbox.connect import connect_docker
from gedanken.sandbox.docker_engine import DockerEngine
from gedanken.sandbox.leftovers import clean, list_leftovers
from gedanken.sandbox.machine import SandboxMachine
from gedanken.sandbox.owner import is_dead, this_owner
from gedanken.sandbox.session import Session, sessions_folder

OpenMachine = Callable[..., SandboxMachine]
LIMITS = Limits(workspace_mib=16, workspace_files=1000)


@pytest.fixture
def run_id() -> str:
    """The id of a run that no other test uses."""
    return f"test-{uuid.uuid4().hex[:8]}"


@pytest.fixture
def session(run_id: str) -> Iterator[Session]:
    """A session without an engine."""
    session = Session.open(run_id, LIMITS)
    yield session
    session.close()


def work_and_die(run_id: str, work: str) -> None:
    """Execute the Python statements `work` in a new process in the session `run_id`, then kill the process."""
    program = f"""
import os, signal
from gedanken.experiment.execution import Cause, Execution, Limits
from gedanken.sandbox.session import Session
session = Session.open({run_id!r}, Limits(workspace_mib=16, workspace_files=1000))
{work}
os.kill(os.getpid(), signal.SIGKILL)
"""
    result = subprocess.run([sys.executable, "-c", program], check=False, capture_output=True, text=True)
    assert result.returncode == -signal.SIGKILL, result.stderr


def start_and_abandon(machine: SandboxMachine, command: str) -> Any:
    """Start a command, and leave its container behind as if gedanken had been killed directly afterwards."""
    assert isinstance(machine.engine, DockerEngine)
    options = machine.engine.options(machine._order("line1-s0", command))
    container = machine.engine.client.containers.create(machine.engine.image, **options)
    container.start()
    return container


def test_a_live_owner_is_not_dead_and_one_that_has_gone_is() -> None:
    assert not is_dead(this_owner())
    child = subprocess.Popen(["sleep", "60"])
    own_parts = this_owner().split(".")
    owner = ".".join([own_parts[0], own_parts[1], str(child.pid), _start_time_of(child.pid)])
    assert not is_dead(owner)
    child.kill()
    child.wait()
    assert is_dead(owner)


def test_a_process_number_that_is_used_again_does_not_keep_the_dead_alive() -> None:
    user, host_id, pid, start_time = this_owner().split(".")
    assert is_dead(f"{user}.{host_id}.{pid}.{int(start_time) - 1}")


@pytest.mark.parametrize("part", [0, 1])
def test_owners_of_other_users_and_other_machines_are_never_called_dead(part: int) -> None:
    owner = this_owner().split(".")
    owner[part] = "99999"
    owner[2] = "4194304"
    assert not is_dead(".".join(owner))


@pytest.mark.parametrize("label", ["", "words", "1.2.3", "a.b.c.d", "..."])
def test_a_label_that_nobody_can_read_is_nobody_s_to_remove(label: str) -> None:
    assert not is_dead(label)


def test_two_processes_are_never_at_work_on_one_run(session: Session) -> None:
    with pytest.raises(NoSandbox, match="in use by another process"):
        Session.open(session.folder.name, LIMITS)


@pytest.mark.parametrize("name", ["../x", "", "a/b", "a b", ".hidden", "-rf", "x" * 81, "a\nb", "a.b"])
def test_a_name_that_leads_out_of_the_folder_is_refused(name: str) -> None:
    with pytest.raises(BadInput, match="cannot be the name of a run"):
        Session.open(name, LIMITS)


def test_what_a_dead_process_left_is_gone_on_with(run_id: str) -> None:
    work_and_die(run_id, "session.trunk().write('note', 'from the dead')")
    session = Session.open(run_id, LIMITS)
    try:
        assert (session.trunk().home / "note").read_text() == "from the dead"
    finally:
        session.close()


def test_a_copy_that_was_cut_off_is_made_anew(run_id: str) -> None:
    work = "Workspace.create(session.folder / 'workspaces' / 'trunk', session.limits).write('note', 'half')"
    work_and_die(run_id, f"from gedanken.sandbox.workspace import Workspace; {work}")
    session = Session.open(run_id, LIMITS)
    try:
        assert list(session.trunk().home.iterdir()) == []
    finally:
        session.close()


def test_a_mark_that_was_set_stays_as_it_was(session: Session) -> None:
    trunk = session.trunk()
    trunk.write("note", "before")
    session.mark("line1", trunk)
    trunk.write("note", "after")
    session.mark("line1", trunk)
    assert (session.branch(trunk, "s1").home / "note").read_text() == "before"
    session.mark("line2", trunk)
    assert (session.branch(trunk, "s1").home / "note").read_text() == "after"


@pytest.mark.skipif(os.getuid() != 0, reason="file systems are mounted as root")
def test_no_file_system_stays_mounted_when_a_session_is_over(run_id: str) -> None:
    session = Session.open(run_id, LIMITS)
    trunk = session.trunk()
    assert trunk.size_limit == "quota" and trunk.folder.is_mount()
    session.branch(trunk, "s1")
    session.close()
    assert run_id not in Path("/proc/self/mountinfo").read_text()
    assert not session.folder.exists()


def test_clean_takes_dead_sessions_and_leaves_live_ones(session: Session, run_id: str) -> None:
    work_and_die(f"{run_id}-dead", "session.trunk()")
    owners = {thing.run: thing.owner for thing in list_leftovers([])}
    assert (owners[session.folder.name], owners[f"{run_id}-dead"]) == ("live", "dead")
    removed = clean([])
    assert f"{run_id}-dead" in removed
    assert run_id not in removed
    assert [folder.name for folder in sessions_folder().glob(f"{run_id}*")] == [run_id]


@pytest.mark.docker
def test_under_one_label_a_command_is_run_once(machine: SandboxMachine) -> None:
    first_run, second_run = (asyncio.run(machine.run("echo x >> log; wc -l < log", label="line1")) for _ in range(2))
    assert first_run == second_run
    assert first_run.stdout == "1\n"
    with pytest.raises(BadInput, match="already used"):
        asyncio.run(machine.run("other", label="line1"))


def test_a_session_of_another_run_is_ended_and_discarded_and_one_s_own_is_not(run_id: str) -> None:
    receipt = Execution("host", "date", 0, Cause.FINISHED, 0.1, "then", "then")
    ended_folders: list[Path] = []

    def open_session(run: str) -> Session:
        return Session.open(run_id, LIMITS, run=run, end_other=ended_folders.append)

    for run, stored_receipt in (
        ("", None),
        ("", receipt),
        ("first", None),
        ("first", receipt),
        ("second", None),
        ("", None),
    ):
        session = open_session(run)
        assert session.receipt("line3-s1") == stored_receipt
        session.store_receipt("line3-s1", receipt)
        session.trunk().write("left.txt", "of this run")
        session.release()
    assert ended_folders == [session.folder] * 3
    open_session("").close()


@pytest.mark.docker
def test_without_a_label_a_command_is_run_each_time(machine: SandboxMachine) -> None:
    outputs = [asyncio.run(machine.run("echo x >> log; wc -l < log")).stdout for _ in range(2)]
    assert outputs == ["1\n", "2\n"]


CONTROLLER = """
import asyncio, sys
from gedanken.experiment.progress import Silent
from gedanken.sandbox.open_engine import open_engine
from gedanken.sandbox.datasets import ensure_dataset
from gedanken.sandbox.machine import SandboxMachine

engine, data = open_engine("docker", Silent()), ensure_dataset("mnist", Silent())[1]
machine = SandboxMachine.open(engine, data, run_id=sys.argv[1])
print("ready", flush=True)
asyncio.run(machine.run(sys.argv[2], label="line1"))
"""


@pytest.mark.docker
@pytest.mark.parametrize("wait", [1.0, 7.0], ids=["while it runs", "when it has ended"])
def test_a_controller_that_comes_back_reads_what_the_dead_one_began(
    open_machine: OpenMachine, run_id: str, wait: float
) -> None:
    command = "echo begun >> log; echo out; echo err >&2; sleep 2; cat log; exit 3"
    controller = subprocess.Popen(
        [sys.executable, "-c", CONTROLLER, run_id, command], stdout=subprocess.PIPE, text=True
    )
    assert controller.stdout and controller.stdout.readline() == "ready\n"
    _wait_until(lambda: _is_running(run_id))
    controller.kill()
    controller.wait()
    time.sleep(wait)
    execution = asyncio.run(open_machine(run_id=run_id).run(command, label="line1"))
    assert (execution.exit_code, execution.stdout) == (3, "out\nbegun\n")
    assert sorted(execution.terminal.split()) == ["begun", "err", "out"]
    assert 2 <= execution.seconds < 7
    assert "process of gedanken that died" in execution.notes[0]
    assert _containers(run_id) == []


@pytest.mark.docker
def test_a_controller_that_comes_back_after_the_time_limit_reads_a_run_that_kept_to_it(
    open_machine: OpenMachine, run_id: str
) -> None:
    machine = open_machine(run_id=run_id, limits=Limits(wall_seconds=3))
    start_and_abandon(machine, "sleep 1; echo trained")
    time.sleep(5)
    execution = asyncio.run(machine.run("sleep 1; echo trained", label="line1"))
    assert (execution.cause, execution.stdout) == (Cause.FINISHED, "trained\n")


@pytest.mark.docker
def test_of_a_flood_a_controller_that_comes_back_has_the_end_and_says_that_there_may_have_been_more(
    open_machine: OpenMachine, run_id: str
) -> None:
    machine = open_machine(run_id=run_id)
    command = "echo first; seq 300000; echo last"
    start_and_abandon(machine, command)
    execution = asyncio.run(machine.run(command, label="line1"))
    assert execution.cause is Cause.FINISHED
    assert execution.stdout.endswith("299999\n300000\nlast\n")
    assert "did not count the rest" in execution.notes[0]


@pytest.mark.docker
def test_a_container_of_a_run_in_another_cache_is_not_taken_over(
    open_machine: OpenMachine, run_id: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    machine = open_machine(run_id=run_id)
    container = start_and_abandon(machine, "sleep 20")
    monkeypatch.setenv("GEDANKEN_CACHE", str(tmp_path))
    try:
        with pytest.raises(NoSandbox, match="or to a run in another cache folder"):
            asyncio.run(open_machine(run_id=run_id).run("sleep 20", label="line1"))
        assert _containers(run_id)[0].status == "running"
    finally:
        container.remove(force=True)


@pytest.mark.skipif(os.getuid() != 0, reason="file systems are mounted as root")
def test_a_session_outlives_a_restart_of_the_machine(run_id: str) -> None:
    work_and_die(run_id, "session.trunk().write('note', 'kept')")
    subprocess.run(["umount", str(sessions_folder() / run_id / "workspaces" / "trunk")], check=True)
    session = Session.open(run_id, LIMITS)
    try:
        trunk = session.trunk()
        assert trunk.size_limit == "quota"
        assert (trunk.home / "note").read_text() == "kept"
    finally:
        session.close()


def test_what_is_on_an_engine_that_does_not_answer_is_left(run_id: str) -> None:
    work_and_die(run_id, "(session.folder / 'engine').write_text('docker')")
    assert run_id not in clean([], {"docker": "it does not answer"})
    assert run_id in clean([])


@pytest.mark.docker
def test_clean_leaves_alone_what_another_controller_has_taken_over(open_machine: OpenMachine, run_id: str) -> None:
    command = "sleep 3; echo done"
    controller = subprocess.Popen(
        [sys.executable, "-c", CONTROLLER, run_id, command], stdout=subprocess.PIPE, text=True
    )
    assert controller.stdout and controller.stdout.readline() == "ready\n"
    _wait_until(lambda: _is_running(run_id))
    controller.kill()
    controller.wait()
    machine = open_machine(run_id=run_id)
    assert clean([connect_docker()]) is not None
    assert asyncio.run(machine.run(command, label="line1")).stdout == "done\n"


def _containers(run_id: str) -> list[Any]:
    filters = {"label": f"gedanken.run={run_id}"}
    containers: list[Any] = connect_docker().containers.list(all=True, filters=filters, ignore_removed=True)
    return containers


def _is_running(run_id: str) -> bool:
    """Whether a container of this run has been started."""
    return any(container.status == "running" for container in _containers(run_id))


def _wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def _start_time_of(pid: int) -> str:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
