"""The real machine on Docker: what the terminal keeps between commands, how a command ends, what a run leaves
behind.
"""

import asyncio
import hashlib
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import docker
import psutil
import pytest
from relay import Relay

from gedanken.compare.commands.answers import find_unseen_gpus
from gedanken.experiment.errors import NoSandbox
from gedanken.experiment.execution import Artifact, Cause, Limits, Machine
from gedanken.sandbox.connect import connect_docker
from gedanken.sandbox.docker_engine import DockerEngine
from gedanken.sandbox.gpus import GpuRequest
from gedanken.sandbox.image import IMAGE
from gedanken.sandbox.machine import SandboxMachine

pytestmark = pytest.mark.docker

OpenMachine = Callable[..., SandboxMachine]


def run(machine: SandboxMachine, command: str) -> Any:
    return asyncio.run(machine.run(command))


def test_it_is_a_machine(machine: SandboxMachine) -> None:
    assert isinstance(machine, Machine)


def test_files_directory_and_variables_last_from_command_to_command(machine: SandboxMachine) -> None:
    run(machine, "export COLOUR=blue; mkdir -p deep/er; cd deep/er; echo hello > note; echo t > /tmp/t")
    execution = run(machine, "pwd; echo $COLOUR; cat note /tmp/t")
    assert execution.stdout == "/home/user/deep/er\nblue\nhello\nt\n"


def test_a_command_has_no_arguments_and_may_be_strict(machine: SandboxMachine) -> None:
    assert run(machine, 'echo "$# [$1]"; Y=1; false').stdout == "0 []\n"
    run(machine, 'echo "$? $Y" > ~/was; Y=9; HOME=/tmp; cd /; set -u')
    execution = run(machine, 'cat ~/was; echo "$? $Y"; pwd; cd -')
    assert execution.stdout == "1 1\n0 9\n/\n"
    assert "OLDPWD" in execution.terminal  # standard error, whose place beside the output is not fixed


def test_processes_do_not_outlive_their_command(machine: SandboxMachine) -> None:
    run(machine, "setsid sleep 1000 >/dev/null 2>&1 &")
    assert "sleep" not in run(machine, "cat /proc/[0-9]*/cmdline | tr '\\0' ' '").stdout.replace("cat", "")


def test_a_branch_sees_what_was_there_and_changes_only_its_own_copy(machine: SandboxMachine) -> None:
    run(machine, "echo old > note")

    async def change() -> str:
        async with machine.branch(seed=3) as branch:
            return (await branch.run("cat note; echo new > note; cat note; echo $GEDANKEN_SEED")).stdout

    assert asyncio.run(change()) == "old\nnew\n3\n"
    assert run(machine, "cat note").stdout == "old\n"


def test_exit_codes_and_both_streams_are_told_apart(machine: SandboxMachine) -> None:
    execution = run(machine, "echo out; echo err >&2; exit 7")
    assert (execution.exit_code, execution.cause) == (7, Cause.FAILED)
    assert execution.stdout == "out\n"
    assert sorted(execution.terminal.split()) == ["err", "out"]


def test_an_unknown_command_is_named_as_a_terminal_names_it(machine: SandboxMachine) -> None:
    execution = run(machine, "nvidia-smi-of-mine")
    assert (execution.exit_code, execution.terminal) == (127, "bash: nvidia-smi-of-mine: command not found\n")


ENDS: list[tuple[dict[str, float], str, Cause, int]] = [
    ({}, "echo before", Cause.FINISHED, 0),
    ({}, "echo before; exit 7", Cause.FAILED, 7),
    ({"wall_seconds": 2}, "echo before; sleep 60", Cause.TIMED_OUT, 143),
    ({"wall_seconds": 2}, "echo before; trap '' TERM; while :; do sleep 1; done", Cause.TIMED_OUT, 137),
    ({"printed_mib": 1}, "echo before; yes", Cause.OUTPUT_CAP, 143),
    ({"memory_mib": 64}, "echo before; exec python3 -c 'x = bytearray(1 << 30)'", Cause.OUT_OF_MEMORY, 137),
    ({"memory_mib": 64}, "echo before; python3 -c 'x = bytearray(1 << 30)'; true", Cause.FINISHED, 0),
    ({"workspace_mib": 16}, "echo before; cat /dev/zero > zeros", Cause.DISK_FULL, 1),
    ({"file_mib": 1}, "echo before; exec cat /dev/zero > zeros", Cause.DISK_FULL, 153),
    ({}, "echo before; kill -KILL $$", Cause.KILLED, 137),
]


@pytest.mark.parametrize(("limits", "command", "cause", "exit_code"), ENDS)
def test_every_end_has_its_cause_and_keeps_what_was_printed(
    open_machine: OpenMachine, limits: dict[str, float], command: str, cause: Cause, exit_code: int
) -> None:
    execution = run(open_machine(limits=Limits.model_validate(limits)), command)
    assert (execution.cause, execution.exit_code) == (cause, exit_code), execution.terminal[-300:]
    assert execution.stdout.startswith("before\n")
    assert execution.seconds < 20


def test_the_time_a_program_has_begins_with_the_program(open_machine: OpenMachine) -> None:
    machine = open_machine(limits=Limits(wall_seconds=3, cpus=0.25))

    async def run_eight() -> list[Any]:
        return await asyncio.gather(*(machine.run("sleep 2; echo done") for _ in range(8)))

    executions = asyncio.run(run_eight())
    assert [(execution.cause, execution.stdout) for execution in executions] == [(Cause.FINISHED, "done\n")] * 8


@pytest.mark.parametrize(
    "spoiled",
    [
        "chmod 000 ~ /tmp",
        "truncate -s 1000M /run/session/variables; kill -9 $$",
        "export POSIXLY_CORRECT=1; export SHELLOPTS",
        "set -C; cd /tmp; export A=1",
        "mkdir -p train.py/deep; chmod 000 train.py",
        "export PATH=/nowhere",
    ],
)
def test_whatever_a_program_does_to_its_terminal_the_next_command_runs(machine: SandboxMachine, spoiled: str) -> None:
    run(machine, spoiled)
    machine.write("train.py", "")
    machine.mark("here")
    assert run(machine.branch(1), "echo well").stdout == run(machine, "echo well").stdout == "well\n"


def test_a_program_cannot_choose_the_seed_of_the_next_command(machine: SandboxMachine) -> None:
    run(machine, "printf 'xGEDANKEN_SEED=99\\0-GEDANKEN_RESEED=7\\0' > /run/session/variables; kill -9 $$")
    assert run(machine, "echo $GEDANKEN_SEED-$GEDANKEN_RESEED").stdout == "0-\n"


def test_what_a_terminal_remembers_is_never_run(machine: SandboxMachine) -> None:
    plant_commands = (
        "printf '%s\\0' '-a[$(touch ~/ran)]=1' 'xb[$(touch ~/ran)]=1' '-c=$(touch ~/ran)' > /run/session/variables"
    )
    run(machine, f"{plant_commands}; echo '$(touch ~/ran)' > /run/session/status; kill -9 $$")
    assert run(machine, 'echo "$c $?"; ls ~').stdout == "$(touch ~/ran) 0\n"


def test_gpus_that_are_asked_for_and_not_seen_are_an_error_unless_it_was_auto(
    docker_engine: DockerEngine, mnist: Any
) -> None:
    engine = replace(docker_engine, asks_for_gpus=True)
    for wish in (GpuRequest("all"), GpuRequest("count", count=2), GpuRequest("ids", ids=("0",)), GpuRequest("auto")):
        machine = SandboxMachine.open(engine, mnist[1], gpus=wish)
        try:
            if wish.kind == "auto":
                machine_facts = asyncio.run(machine.measure(mnist[0]))
                assert [finding.check for finding in find_unseen_gpus(machine_facts)] == ["gpus not seen"]
                continue
            with pytest.raises(NoSandbox, match=f"--gpus {wish}: torch.cuda sees 0 GPUs"):
                asyncio.run(machine.measure(mnist[0]))
        finally:
            machine.session.close()


def test_where_no_file_system_bounds_a_workspace_it_is_looked_at(
    open_machine: OpenMachine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shutil.which", lambda *_args, **_kwargs: None)  # as where mkfs.ext4 is not to be had
    machine = open_machine(limits=Limits(workspace_mib=16, wall_seconds=30))
    execution = run(machine, "echo before; dd if=/dev/zero of=zeros bs=1M count=64 status=none; sleep 20")
    assert (execution.cause, execution.stdout) == (Cause.DISK_FULL, "before\n")
    assert execution.not_enforced == ("workspace size: checked only once a second",)


def test_a_program_is_asked_before_it_is_killed_and_nothing_after_it_is_begun(open_machine: OpenMachine) -> None:
    machine = open_machine(limits=Limits(wall_seconds=1.5))
    machine.write("p.py", "import signal, time\nsignal.signal(15, lambda *_: exit(print('saved')))\ntime.sleep(60)")
    assert run(machine, "python3 p.py; echo begun").stdout == "saved\n"


def test_when_a_command_has_ended_so_have_all_its_processes(open_machine: OpenMachine) -> None:
    machine = open_machine(limits=Limits(wall_seconds=1.5))
    run(machine, "(trap '' TERM; setsid sleep 8641) & (setsid setsid sleep 8642 &); sleep 8643")
    time.sleep(1)
    command_lines = [process.info["cmdline"] for process in psutil.process_iter(["cmdline"])]
    assert not [line for line in command_lines if line and line[-1] in ("8641", "8642", "8643")]


@pytest.mark.parametrize("moment", [0.0, 0.05, 0.15, 0.5])
def test_a_command_that_is_given_up_at_any_moment_leaves_no_container(machine: SandboxMachine, moment: float) -> None:
    async def give_up() -> None:
        running = asyncio.create_task(machine.run("sleep 60"))
        await asyncio.sleep(moment)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running

    asyncio.run(give_up())
    label = f"gedanken.session={machine.session.folder}"
    assert connect_docker().containers.list(all=True, filters={"label": label}) == []


@pytest.mark.parametrize("moment", [0.02, 0.1, 0.2])
def test_a_command_that_is_given_up_twice_leaves_no_container_either(machine: SandboxMachine, moment: float) -> None:
    """If one task of a graph fails, the graph cancels the commands of the others, and cancels them again when it
    closes.
    """

    async def give_up() -> None:
        running = asyncio.create_task(machine.run("sleep 60"))
        await asyncio.sleep(moment)
        for _ in range(2):
            running.cancel()
            await asyncio.sleep(0)
        with pytest.raises(asyncio.CancelledError):
            await running

    asyncio.run(give_up())
    label = f"gedanken.session={machine.session.folder}"
    list_containers = partial(
        connect_docker().containers.list, all=True, filters={"label": label}, ignore_removed=True
    )
    deadline = time.monotonic() + 20
    time.sleep(1)  # a container that was being made is there by now
    while list_containers() and time.monotonic() < deadline:
        time.sleep(0.1)
    assert list_containers() == []


def test_of_long_output_the_head_and_the_tail_are_kept_and_the_middle_is_counted(open_machine: OpenMachine) -> None:
    execution = run(open_machine(limits=Limits(output_bytes=2000)), "seq 100000")
    assert execution.cause is Cause.FINISHED
    assert execution.stdout.startswith("1\n2\n") and execution.stdout.endswith("99999\n100000\n")
    assert "[… 586895 bytes not kept …]" in execution.stdout
    assert execution.notes == ("586895 bytes of output were not kept",)


def test_an_engine_that_goes_away_is_told_from_the_program(mnist: Any, tmp_path: Path) -> None:
    relay = Relay(tmp_path / "docker.sock")
    client = docker.DockerClient(f"unix://{relay.path}")
    machine = SandboxMachine.open(DockerEngine(client, IMAGE), mnist[1])
    printed: list[str] = []

    def cut_on_output(text: str) -> None:
        printed.append(text)
        relay.cut()

    try:
        execution = asyncio.run(machine.run("echo begun; sleep 5; echo never", on_output=cut_on_output, label="lost"))
        assert (execution.cause, execution.exit_code, execution.terminal) == (Cause.ENGINE_LOST, None, "begun\n")
        assert "engine was lost" in execution.notes[0]
    finally:
        machine.session.close()
        connect_docker().containers.get(f"gedanken-{machine.session.folder.name}.lost-s0").remove(force=True)


def test_a_container_that_could_not_be_removed_goes_with_its_session(machine: SandboxMachine) -> None:
    order = machine._order("left-s0", "true")
    engine: Any = machine.engine
    container = engine.client.containers.create(engine.image, **engine.options(order))
    asyncio.run(machine.__aexit__())
    with pytest.raises(docker.errors.NotFound):
        container.reload()


def test_a_container_that_was_made_and_never_started_is_replaced(machine: SandboxMachine) -> None:
    """If the engine dies before it has started a container, the container cannot always be started afterwards."""
    order = machine._order("made-s0", "echo once")
    engine: Any = machine.engine
    container = engine.client.containers.create(engine.image, **engine.options(order))
    assert asyncio.run(machine.run("echo once", label="made")).stdout == "once\n"
    with pytest.raises(docker.errors.NotFound):
        container.reload()


def test_the_seed_reaches_python_numpy_and_torch_without_touching_the_program(machine: SandboxMachine) -> None:
    program = "import random, numpy, torch; print(random.random(), numpy.random.rand(), torch.rand(1).item())"

    async def draw(seed: int) -> str:
        async with machine.branch(seed) as branch:
            return (await branch.run(f'python3 -c "{program}"')).stdout

    output_1, output_1_again, output_2 = (asyncio.run(draw(seed)) for seed in (1, 1, 2))
    assert output_1 == output_1_again != output_2
    assert not set(output_1.split()) & set(output_2.split())


def test_no_proxy_of_the_user_s_docker_configuration_enters(
    mnist: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "config.json").write_text('{"proxies": {"default": {"httpProxy": "http://me:hunter2@corp:3128"}}}')
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    machine = SandboxMachine.open(DockerEngine(connect_docker(), IMAGE), mnist[1])
    try:
        assert "hunter2" not in run(machine, "env").terminal
    finally:
        machine.session.close()


def test_a_workspace_of_any_depth_can_be_branched_and_removed(machine: SandboxMachine) -> None:
    run(machine, "python3 -c \"import os; [(os.mkdir('d'), os.chdir('d')) for _ in range(2500)]\"")
    machine.mark("here")
    branch = machine.branch(1)
    assert run(branch, "ls").stdout == "d\n"
    branch.session.remove(branch.workspace)
    assert not branch.workspace.folder.exists()


def test_a_file_can_be_written_where_a_program_left_a_folder(machine: SandboxMachine) -> None:
    run(machine, "mkdir -p train.py/deep")
    machine.write("train.py", "print('here')\n")
    assert run(machine, "python3 train.py").stdout == "here\n"


@pytest.mark.parametrize(
    "call",
    ["torch.manual_seed(seed=1)", "random.seed(a=5)", "numpy.random.seed(seed=5)", "numpy.random.default_rng(7)"],
)
def test_explicit_seeds_are_offset_however_they_are_given(machine: SandboxMachine, call: str) -> None:
    async def draw() -> Any:
        async with machine.branch(3, reseed=True) as branch:
            return await branch.run(f'python3 -c "import random, numpy, torch; {call}"')

    execution = asyncio.run(draw())
    assert execution.exit_code == 0, execution.terminal
    assert execution.notes[0].endswith("offset by 3000")


def test_reseeding_offsets_explicit_seeds_and_says_so(machine: SandboxMachine) -> None:
    program = "import torch; torch.manual_seed(42); print(torch.rand(1).item())"

    async def draw(seed: int, reseed: bool) -> Any:
        async with machine.branch(seed, reseed=reseed) as branch:
            return await branch.run(f'python3 -c "{program}"')

    outputs_as_written = {asyncio.run(draw(seed, False)).stdout for seed in (1, 2)}
    reseeded = [asyncio.run(draw(seed, True)) for seed in (1, 2)]
    assert len(outputs_as_written) == 1
    assert len({execution.stdout for execution in reseeded} | outputs_as_written) == 3
    assert reseeded[1].notes == ("torch.manual_seed(42) offset by 2000",)


def test_torchvision_finds_mnist_wherever_a_program_looks(machine: SandboxMachine, mnist: Any) -> None:
    program = (
        "from torchvision import datasets; "
        "print(len(datasets.MNIST('elsewhere', train=True, download=True)), "
        "len(datasets.MNIST(root='./d', train=False)))"
    )
    execution = run(machine, f'python3 -c "{program}"')
    assert execution.stdout.split() == [str(mnist[0].train), str(mnist[0].test)]


def test_artifacts_come_back_with_their_digests_and_links_stay(open_machine: OpenMachine, tmp_path: Path) -> None:
    machine = open_machine(artifacts=tmp_path / "kept")
    machine.write("train.py", "print('x')")
    execution = run(machine, "echo weights > model.pt; ln -s /etc/passwd leak; mkfifo pipe; ln model.pt twin")
    assert execution.artifacts == ()
    execution = asyncio.run(machine.run("rm twin", label="line2"))
    digest = hashlib.sha256(b"weights\n").hexdigest()
    assert execution.artifacts == (Artifact("model.pt", "line2-s0/model.pt", 8, digest),)
    assert (tmp_path / "kept" / "line2-s0" / "model.pt").read_text() == "weights\n"


def test_nothing_is_left_behind(machine: SandboxMachine) -> None:
    async def work() -> None:
        async with machine:
            await machine.run("true")

    asyncio.run(work())
    label = f"gedanken.session={machine.session.folder}"
    assert connect_docker().containers.list(all=True, filters={"label": label}) == []
    assert not machine.session.folder.exists()


def test_undecodable_output_survives(machine: SandboxMachine) -> None:
    assert run(machine, "printf 'a\\377b'").stdout == "a\\xffb"
