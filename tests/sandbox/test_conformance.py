"""The conformance kit: every check passes where the promise is kept, and every check can fail."""

import asyncio
import hashlib
import json
import os
import re
import socket
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from conftest import Cli

from gedanken.experiment.errors import BadInput, NoSandbox
from gedanken.experiment.execution import Artifact, Cause, Execution, Limits
from gedanken.experiment.progress import Silent
from gedanken.sandbox.conformance import CHECKS, VARIABLE, Check, CheckResult, run_checks
from gedanken.sandbox.conformance.canary import Canaries
from gedanken.sandbox.conformance.check import SIGSYS_EXIT_CODE, Trial, judge_trial
from gedanken.sandbox.host_engine import HostEngine
from gedanken.sandbox.machine import SandboxMachine

CHECKS_BY_NAME = {check.name: check for check in CHECKS}
PLAIN = b"plain text\n"
FLOOD = ("the beginning\n" + "x" * 60_000 + "\n[… 299934464 bytes not kept …]\n", "the end\n")
MIDDLE = ("the beginning\n" + "x" * 60_000 + "\n[… 360000 bytes not kept …]\n", "the end\n")
NAMESPACES = ("pid", "net", "mnt", "ipc")


def good_fields(name: str) -> dict[str, Any]:
    """Fields of a trial that passes this check. For `date`, the trial's time is the present."""
    return {"stdout": f"{time.time():.0f}\n"} if name == "date" else GOOD.get(name, {})


def trial(  # noqa: PLR0913 (each has a default; a test names what it is about)
    stdout: str = "held: it was refused\n",
    cause: Cause = Cause.FINISHED,
    exit_code: int | None = 0,
    seconds: float = 1.0,
    after: str = "well\n",
    output: str | None = None,
    notes: tuple[str, ...] = (),
    artifacts: tuple[Artifact, ...] = (),
    **fields: Any,
) -> Trial:
    """A trial on a machine that refuses every attack."""
    execution = Execution(
        machine="a machine",
        command="a program",
        exit_code=exit_code,
        cause=cause,
        seconds=seconds,
        stdout=stdout,
        terminal=stdout if output is None else output,
        notes=notes,
        artifacts=artifacts,
    )
    sequel = replace(execution, cause=Cause.FINISHED, exit_code=0, stdout=after, terminal=after)
    return Trial(**{"execution": execution, "after": sequel, "seen_alive": True, **fields})


def artifact(path: str, content: bytes = PLAIN) -> Artifact:
    return Artifact(path.rpartition("/")[2], path, len(content), hashlib.sha256(content).hexdigest())


def is_held(name: str, **fields: Any) -> bool:
    return judge_trial(CHECKS_BY_NAME[name], trial(**fields)).held


PLAIN_ONLY: dict[str, Any] = {"artifacts": (artifact("run/plain.txt"),)}
OTHER_NAMESPACES = "".join(f"{name} {name}:[1]\n" for name in NAMESPACES)
OWN_NAMESPACES = "".join(f"{name} {Path(f'/proc/self/ns/{name}').readlink()}\n" for name in NAMESPACES)

GOOD: dict[str, dict[str, Any]] = {
    "streams-apart": {"stdout": "out\n", "output": "out\nerr\n"},
    "who-and-where": {"stdout": "ubuntu\nuser\n10001\n/home/user\n/home/user\n"},
    "seeds": {"stdout": ".1 .2 .3\n.1 .2 .3\n", "after": ".4 .5 .6\n"},
    "finished": {"stdout": "before\n"},
    "failed": {"stdout": "before\n", "cause": Cause.FAILED, "exit_code": 7},
    "unknown-command": {
        "stdout": "",
        "output": "bash: nvidia-smi-of-mine: command not found\n",
        "cause": Cause.FAILED,
        "exit_code": 127,
    },
    "timed-out": {"stdout": "before\n", "cause": Cause.TIMED_OUT, "exit_code": 143},
    "out-of-memory": {"stdout": "before\n", "cause": Cause.OUT_OF_MEMORY, "exit_code": 137},
    "output-cap": {"stdout": "before\ny\ny\n", "cause": Cause.OUTPUT_CAP, "exit_code": 143},
    "disk-full": {"stdout": "before\n", "cause": Cause.DISK_FULL, "exit_code": 1},
    "file-too-large": {"stdout": "before\n", "cause": Cause.DISK_FULL, "exit_code": 153},
    "killed": {"stdout": "before\n", "cause": Cause.KILLED, "exit_code": 137},
    "gigabytes-of-output": {"stdout": "".join(FLOOD), "notes": ("299934464 bytes of output were not kept",)},
    "middle-is-counted": {"stdout": "".join(MIDDLE), "notes": ("360000 bytes of output were not kept",)},
    "endless-line": {"stdout": "before\nxxxx", "cause": Cause.OUTPUT_CAP},
    "endless-errors": {"stdout": "before\n", "cause": Cause.OUTPUT_CAP},
    "flood-does-not-block-the-kill": {"stdout": "before\nnoise", "cause": Cause.TIMED_OUT, "seconds": 3.5},
    "sigterm-reaches-the-program": {"stdout": "started\nasked to stop\n", "cause": Cause.TIMED_OUT},
    "sigterm-ignorer": {"stdout": "started\n", "cause": Cause.TIMED_OUT, "seconds": 3.0},
    "sigterm-ignoring-family": {"stdout": "started\n", "cause": Cause.TIMED_OUT, "seconds": 3.0},
    "namespaces": {"stdout": OTHER_NAMESPACES},
    "host-name": {"stdout": "name elsewhere\n"},
    "forged-end": {"stdout": "", "cause": Cause.KILLED, "exit_code": 137},
    "links-for-memory": {"stdout": "laid\n", "after": "from outside\n"},
    "ten-thousand-files": {"stdout": "", "after": "10000\n"},
    "many-artifacts": {"artifacts": tuple(artifact(f"run/file{number}") for number in range(64))},
    "artifact-names": {"artifacts": tuple(artifact(f"run/{name}") for name in ("x", "a_b", "-rf"))},
    **{
        check.name: PLAIN_ONLY
        for check in CHECKS
        if check.group == "artifacts" and check.name.endswith(("file", "link"))
    },
    "fifo": PLAIN_ONLY,
    "large-artifact": PLAIN_ONLY,
}
"""For each check that the default trial does not pass: fields of a trial that passes it."""

BREACHES: list[tuple[str, dict[str, Any]]] = [
    ("setsid-double-fork", {"survivors": 1}),
    ("setsid-double-fork", {"seen_alive": False}),
    ("background-child-holds-stdout", {"seconds": 60}),
    ("sigterm-reaches-the-program", {"stdout": "started\n"}),
    ("sigterm-ignorer", {"seconds": 60}),
    ("sigterm-ignorer", {"stdout": ""}),
    ("sigterm-ignorer", {"cause": Cause.FINISHED}),
    ("sigterm-ignoring-family", {"survivors": 5}),
    ("kill-first-process", {"after": ""}),
    ("kill-first-process", {"stdout": "BREACH: the first process is the host's\n"}),
    ("namespaces", {"stdout": OWN_NAMESPACES}),
    ("namespaces", {"stdout": OTHER_NAMESPACES.replace("net net:[1]", OWN_NAMESPACES.splitlines()[1])}),
    ("memory-hog", {"stdout": "BREACH: all of it\n", "cause": Cause.OUT_OF_MEMORY}),
    ("memory-hog", {"stdout": "", "cause": Cause.KILLED}),
    ("memory-hog-child", {"cause": Cause.OUT_OF_MEMORY}),
    ("disk-fill", {"after": "No space left on device\n"}),
    ("gigabytes-of-output", {"grown_mib": 300}),
    ("gigabytes-of-output", {"stdout": FLOOD[0]}),
    ("gigabytes-of-output", {"stdout": "the beginning\nthe end\n"}),
    ("gigabytes-of-output", {"notes": ()}),
    ("gigabytes-of-output", {"stdout": "x" * 300_000}),
    ("endless-line", {"cause": Cause.FINISHED}),
    ("endless-line", {"seconds": 60}),
    ("flood-does-not-block-the-kill", {"seconds": 32}),
    ("host-name", {"stdout": f"name {socket.gethostname()}\n"}),
    ("poisoned-memory", {"after": "well\nowned\n"}),
    ("poisoned-memory", {"after": ""}),
    ("pipes-for-memory", {"after": ""}),
    ("forged-end", {"cause": Cause.OUT_OF_MEMORY}),
    ("seeds", {"stdout": ".1 .2 .3\n.1 .2 .4\n"}),
    ("seeds", {"after": ".9 .2 .8\n"}),
    ("date", {"stdout": "86400\n"}),
    ("streams-apart", {"output": "out\n"}),
    ("streams-apart", {"stdout": "out\nerr\n"}),
    ("killed", {"cause": Cause.OUT_OF_MEMORY}),
    ("failed", {"exit_code": 1}),
    ("plain-file", {"artifacts": ()}),
    ("plain-file", {"artifacts": (artifact("run/plain.txt", b"other text\n"),)}),
    ("symbolic-link", {"artifacts": (artifact("run/plain.txt"), artifact("run/leak"))}),
    ("fifo", {"cause": Cause.TIMED_OUT}),
    ("many-artifacts", {"artifacts": tuple(artifact(f"run/file{number}") for number in range(84))}),
    ("artifact-names", {"artifacts": tuple(artifact(path) for path in ("run/a", "run/b", "run/../../up"))}),
    ("artifact-names", {"artifacts": tuple(artifact(path) for path in ("run/a", "run/b", "run/\x1b[31mred"))}),
    ("artifact-names", {"artifacts": (artifact("run/a"), artifact("run/a"), artifact("run/a"))}),
    ("tcp", {"visitors": 1}),
    ("symbolic-link", {"leaked": True}),
    ("mount", {"cause": Cause.ENGINE_LOST}),
    ("mount", {"stdout": "", "cause": Cause.FAILED, "exit_code": 1}),
]

UNPROTECTED = trial(
    "BREACH: it was done\n",
    seconds=100,
    after="it was not well\n",
    survivors=3,
    grown_mib=10_000,
    artifacts=tuple(artifact(f"../leak{number}") for number in range(100)),
)


def test_every_check_has_a_name_of_its_own_and_a_promise() -> None:
    assert len(CHECKS_BY_NAME) == len(CHECKS) >= 60
    for check in CHECKS:
        assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", check.name)
        assert check.promise.endswith(".")


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.name)
def test_every_check_fails_where_everything_succeeds(check: Check) -> None:
    assert not judge_trial(check, UNPROTECTED).held


def prints_something(check: Check) -> bool:
    return check.group in ("ordinary", "training", "output") and check.name not in {*GOOD, "date"}


@pytest.mark.parametrize("name", [check.name for check in CHECKS if not prints_something(check)])
def test_every_check_holds_where_everything_is_refused(name: str) -> None:
    verdict = judge_trial(CHECKS_BY_NAME[name], trial(**good_fields(name)))
    assert verdict.held, verdict.detail


@pytest.mark.parametrize(("name", "breach"), BREACHES)
def test_a_check_fails_by_what_it_is_about(name: str, breach: dict[str, Any]) -> None:
    assert not is_held(name, **{**good_fields(name), **breach})


def test_a_breach_counts_whatever_else_was_refused() -> None:
    assert not is_held("mount", stdout="held: one\nBREACH: another\nheld: a third\n")


def test_a_program_that_its_filter_killed_was_held() -> None:
    assert is_held("mount", stdout="", cause=Cause.FAILED, exit_code=SIGSYS_EXIT_CODE)


@asynccontextmanager
async def on_the_host(limits: Limits, folder: Path) -> AsyncIterator[SandboxMachine]:
    async with SandboxMachine.open(
        HostEngine(Path(sys.prefix)), folder, limits, artifacts=folder / "kept"
    ) as machine:
        yield machine


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A function that runs checks on the host, which isolates nothing."""
    monkeypatch.setenv("GEDANKEN_CACHE", str(tmp_path / "cache"))

    def call(*names: str, bare_host: bool = False) -> dict[str, CheckResult]:
        async def results() -> AsyncIterator[CheckResult]:
            for name in names:
                kit = run_checks(lambda limits: on_the_host(limits, tmp_path), Silent(), name, bare_host=bare_host)
                async for result in kit:
                    yield result

        return asyncio.run(by_name(results()))

    return call


async def by_name(results: AsyncIterator[CheckResult]) -> dict[str, CheckResult]:
    return {result.name: result async for result in results}


def test_ordinary_things_work_on_the_host(host: Any) -> None:
    results = host("ordinary", bare_host=True)
    assert {result.name: result.detail for result in results.values() if not result.held} == {}


# These attacks are safe anywhere: they ask for what the kit itself has laid out, and write nothing.
@pytest.mark.parametrize(
    "name", ["host-files", "host-loopback", "abstract-socket", "host-name", "namespaces", "siblings-unseen"]
)
def test_what_a_machine_without_walls_lets_through_is_found(host: Any, name: str) -> None:
    assert not host(name)[name].held


def test_what_a_careless_collector_brings_back_is_found(host: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def collect_everything(home: Path, _root: Path, folder: str, *_known: object) -> tuple[Artifact, ...]:
        paths = [path for path in home.iterdir() if not path.is_dir() and path.name != "check-socket-file.py"]
        content = [path.read_bytes() if path.is_file() else b"" for path in paths]
        return tuple(artifact(f"{folder}/{path.name}", data) for path, data in zip(paths, content, strict=True))

    monkeypatch.setattr("gedanken.sandbox.machine.collect_artifacts", collect_everything)
    names = [check.name for check in CHECKS if check.group == "artifacts" and check.name != "device-file"]
    assert [name for name, result in host(*names).items() if result.held] == ["plain-file"]


def test_attacks_are_not_tried_on_the_host(host: Any) -> None:
    results = host("kernel", bare_host=True)
    assert len(results) > 20
    assert {(result.held, result.detail.split(":")[0]) for result in results.values()} == {(False, "not tried")}


def test_a_name_that_nothing_has_is_told_with_the_names_there_are(host: Any) -> None:
    with pytest.raises(BadInput, match=r"'nothing'.*ordinary.*kernel"):
        host("nothing")


def test_a_machine_that_runs_nothing_is_no_check_that_failed() -> None:
    @asynccontextmanager
    async def open_broken(_limits: Limits) -> AsyncIterator[SandboxMachine]:
        raise NoSandbox("nothing works")
        yield

    with pytest.raises(NoSandbox, match="nothing works"):
        asyncio.run(by_name(run_checks(open_broken, Silent())))


def test_the_bait_is_in_this_process_s_environment_and_goes_away(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("GEDANKEN_CACHE", str(tmp_path))
    monkeypatch.setenv(VARIABLE, "sk-the-user-s-own-key")
    with Canaries.placed() as canaries:
        assert os.environ[VARIABLE] == canaries.canary
        assert {path.read_text() for path in canaries.files} == {canaries.canary}
        assert canaries.is_in(trial(f"x{canaries.canary}y").execution)
        assert canaries.is_in(trial("sk-the-user-s-own-key").execution)
        assert canaries.is_in(trial(artifacts=(artifact("run/leak", canaries.canary.encode()),)).execution)
        assert not canaries.is_in(trial().execution)
    assert os.environ[VARIABLE] == "sk-the-user-s-own-key"
    assert not any(path.exists() for path in canaries.files)


@pytest.mark.parametrize(
    "sandbox",
    [pytest.param(name, marks=getattr(pytest.mark, name)) for name in ("docker", "podman", "bubblewrap")],
)
def test_the_sandbox_holds_everything(gedanken: Cli, sandbox: str) -> None:
    completed = gedanken("sandbox", "check", "--sandbox", sandbox, "--json")
    report = json.loads(completed.stdout)
    assert {check["name"]: check["detail"] for check in report["checks"] if not check["held"]} == {}
    assert (completed.returncode, report["machine"], len(report["checks"])) == (0, sandbox, len(CHECKS))


@pytest.mark.docker
@pytest.mark.parametrize(("group", "least"), [("privileges", 9), ("kernel", 12), ("network", 6)])
def test_without_hardening_it_does_not(gedanken: Cli, group: str, least: int) -> None:
    completed = gedanken("sandbox", "check", "--loose", "--json", "--only", group)
    report = json.loads(completed.stdout)
    assert completed.returncode == 1
    assert len([check for check in report["checks"] if not check["held"]]) >= least
