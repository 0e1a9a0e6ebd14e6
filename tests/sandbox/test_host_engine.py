"""The engine `host`, which isolates nothing: output, how commands end, a clean environment, nothing left behind."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from engine_terminal import DOUBLE_FORK, TRAINING, WAITS_FOR_SIGTERM, Typist, open_typist, read_job, sleepers

from gedanken.experiment.execution import Limits
from gedanken.experiment.progress import Silent
from gedanken.sandbox.engine import Order
from gedanken.sandbox.gpus import GpuRequest
from gedanken.sandbox.host_engine import HostEngine, open_host
from gedanken.sandbox.marked_processes import find_marked
from gedanken.sandbox.owner import order_prefix

SHORT = Limits(wall_seconds=60, file_mib=8)


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Typist]:
    """A terminal on the host, with the Python of the host."""
    with open_typist(HostEngine(tmp_path), tmp_path, SHORT) as started_typist:
        yield started_typist


@pytest.mark.bubblewrap
def test_a_program_trains(mnist: Any) -> None:
    with open_typist(open_host(Silent()), mnist[1]) as terminal:
        result = terminal.python(TRAINING)
    assert result.stdout == "learnt\n", result.stderr


def test_a_command_prints_and_ends_as_in_bash(terminal: Typist) -> None:
    result = terminal.type("echo out; echo err >&2; exit 7")
    assert (result.stdout, result.stderr, result.ended.exit_code) == ("out\n", "err\n", 7)
    assert terminal.type("kill -SEGV $$").ended.exit_code == 128 + 11
    assert terminal.type("head -c 9M /dev/zero > big").ended.exit_code == 128 + 25


def test_it_remembers_and_sees_no_key(terminal: Typist, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    monkeypatch.setenv("CUDA_HOME", "/cuda")
    terminal.type("mkdir a && cd a && export WHO=me")
    output = terminal.type("pwd; echo $WHO $CUDA_HOME; env").stdout
    assert output.startswith(f"{terminal.workspace.home}/a\nme /cuda\n")
    assert "secret" not in output


def test_a_program_that_is_asked_to_end_says_goodbye(terminal: Typist) -> None:
    terminal.workspace.write("program.py", WAITS_FOR_SIGTERM)
    with terminal.started("python3 program.py") as job:
        result = read_job(job, ("SIGTERM",))
    assert result.stdout == "ready\nasked\n"


def test_a_kill_ends_what_ignores_to_be_asked(terminal: Typist) -> None:
    with terminal.started("trap '' TERM; echo ready; sleep 54.3211 & while :; do sleep 1; done") as job:
        result = read_job(job, ("SIGTERM", "SIGKILL"))
    assert result.ended.exit_code == 128 + 9
    assert not sleepers("54.3211")


@pytest.mark.parametrize("ending", ["", "; kill -9 $$"], ids=["finished", "killed"])
def test_what_detached_itself_dies_with_the_command(terminal: Typist, ending: str) -> None:
    terminal.workspace.write("program.py", DOUBLE_FORK)
    result = terminal.type(f"python3 program.py 43.2111; env -i sleep 43.2111 & sleep 0.5{ending}")
    assert result.ended.seconds < 10
    assert not sleepers("43.2111")


def test_what_a_dead_controller_left_is_found_and_killed(terminal: Typist) -> None:
    order = Order("gedanken-test-lost", "sleep 32.1111", terminal.workspace, terminal.data, terminal.limits)
    job = terminal.engine.start(order)
    assert order.name in find_marked()
    assert terminal.engine.find(order) is None
    assert not sleepers("32.1111")
    job.remove()


def test_what_a_runs_dead_controllers_left_is_killed_when_the_run_ends(terminal: Typist) -> None:
    session = Path("/sessions/test-ended")
    order = Order(f"{order_prefix(session.name)}ab12-s0", "sleep 32.2222", terminal.workspace, terminal.data, SHORT)
    job = terminal.engine.start(order)
    terminal.engine.clear(session.with_name("test-ende"))
    assert order.name in find_marked()
    terminal.engine.clear(session)
    assert not sleepers("32.2222")
    job.remove()


@pytest.mark.parametrize(
    ("wish", "mine", "shown"),
    [
        (GpuRequest("none"), "0,1", "set"),
        (GpuRequest("ids", ids=("2", "GPU-5")), None, "set2,GPU-5"),
        (GpuRequest("count", count=2), None, "set0,1"),
        (GpuRequest("count", count=1), "3,5", "set3"),
        (GpuRequest("all"), "3,5", "set3,5"),
        (GpuRequest("auto"), None, ""),
    ],
)
def test_gpus_are_shown_by_cudas_variable(
    terminal: Typist, monkeypatch: pytest.MonkeyPatch, wish: GpuRequest, mine: str | None, shown: str
) -> None:
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    if mine is not None:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", mine)
    assert terminal.type("echo ${CUDA_VISIBLE_DEVICES+set}$CUDA_VISIBLE_DEVICES", wish).stdout.strip() == shown


def test_it_says_that_it_holds_nothing(terminal: Typist) -> None:
    topics = {text.split(":")[0] for text in terminal.engine.not_enforced()}
    assert {"network", "host files", "rights", "memory", "cpus"} <= topics
