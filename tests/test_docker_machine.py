"""The Docker machine: what a terminal remembers, what the sandbox holds back, how a command ends."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from experiment.execution import Cause, Limits, Machine
from sandbox.docker_machine import DockerMachine

pytestmark = pytest.mark.docker


def run(machine: DockerMachine, command: str) -> Any:
    return asyncio.run(machine.run(command))


def test_it_is_a_machine(machine: DockerMachine) -> None:
    assert isinstance(machine, Machine)


def test_files_directory_and_variables_last_from_command_to_command(machine: DockerMachine) -> None:
    run(machine, "export COLOUR=blue; mkdir -p deep/er; cd deep/er; echo hello > note; echo t > /tmp/t")
    told = run(machine, "pwd; echo $COLOUR; cat note /tmp/t")
    assert told.stdout == "/home/user/deep/er\nblue\nhello\nt\n"


def test_processes_do_not_outlive_their_command(machine: DockerMachine) -> None:
    run(machine, "setsid sleep 1000 >/dev/null 2>&1 &")
    assert "sleep" not in run(machine, "cat /proc/[0-9]*/cmdline | tr '\\0' ' '").stdout.replace("cat", "")


def test_a_branch_sees_what_was_there_and_changes_only_its_own_copy(machine: DockerMachine) -> None:
    run(machine, "echo old > note")

    async def change() -> str:
        async with machine.branch(seed=3) as branch:
            return (await branch.run("cat note; echo new > note; cat note; echo $GEDANKEN_SEED")).stdout

    assert asyncio.run(change()) == "old\nnew\n3\n"
    assert run(machine, "cat note").stdout == "old\n"


def test_exit_codes_and_both_streams_are_told_apart(machine: DockerMachine) -> None:
    told = run(machine, "echo out; echo err >&2; exit 7")
    assert (told.exit_code, told.cause) == (7, Cause.FAILED)
    assert told.stdout == "out\n"
    assert sorted(told.output.split()) == ["err", "out"]


def test_an_unknown_command_is_named_as_a_terminal_names_it(machine: DockerMachine) -> None:
    told = run(machine, "nvidia-smi-of-mine")
    assert (told.exit_code, told.output) == (127, "bash: nvidia-smi-of-mine: command not found\n")


@pytest.mark.parametrize(
    ("attack", "sign"),
    [
        ("touch /etc/x", "Read-only"),
        ("cat /proc/1/environ /root/.bashrc", "Permission denied"),
        ("mount -t tmpfs none /mnt", "superuser"),
        ("chown 0 .", "not permitted"),
        ("echo x > /data/x", "Read-only"),
        ("echo x > /opt/gedanken/hook/gedanken_hook.py", "Read-only"),
        ("python3 -c \"import socket; socket.create_connection(('1.1.1.1', 53), 2)\"", "unreachable"),
        ("ls /var/run/docker.sock", "No such file"),
    ],
)
def test_what_the_sandbox_holds_back(machine: DockerMachine, attack: str, sign: str) -> None:
    told = run(machine, attack)
    assert told.exit_code != 0
    assert sign.lower() in told.output.lower()


def test_no_key_of_the_host_enters(machine: DockerMachine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-not-for-programs")
    assert "sk-not" not in run(machine, "env; cat /proc/self/environ | tr '\\0' '\\n'").output


@pytest.mark.parametrize(
    ("limits", "command", "cause"),
    [
        ({"wall_seconds": 2}, "echo before; sleep 60", Cause.TIMED_OUT),
        ({"wall_seconds": 2}, "echo before; trap '' TERM; while :; do sleep 1; done", Cause.TIMED_OUT),
        ({"output_bytes": 4096}, "echo before; yes", Cause.OUTPUT_CAP),
        ({"memory_mib": 64}, "echo before; exec python3 -c 'x = bytearray(1 << 30)'", Cause.OUT_OF_MEMORY),
    ],
)
def test_a_limit_ends_the_command_and_keeps_what_was_printed(
    engine: Any, image: str, mnist: Any, limits: dict[str, int], command: str, cause: Cause
) -> None:
    machine = DockerMachine(engine, image, mnist[1], Limits.model_validate(limits))
    try:
        told = run(machine, command)
    finally:
        machine.session.remove()
    assert told.cause is cause
    assert told.stdout.startswith("before\n")
    assert len(told.stdout) <= machine.limits.output_bytes
    assert told.seconds < 20


def test_a_fork_bomb_is_held(machine: DockerMachine) -> None:
    told = run(machine, "f() { f | f & }; f; sleep 1; echo still here")
    assert told.seconds < 30
    assert run(machine, "echo well").stdout == "well\n"


def test_the_seed_reaches_python_numpy_and_torch_without_touching_the_program(machine: DockerMachine) -> None:
    program = "import random, numpy, torch; print(random.random(), numpy.random.rand(), torch.rand(1).item())"

    async def drawn(seed: int) -> str:
        async with machine.branch(seed) as branch:
            return (await branch.run(f'python3 -c "{program}"')).stdout

    once, again, other = (asyncio.run(drawn(seed)) for seed in (1, 1, 2))
    assert once == again != other
    assert not set(once.split()) & set(other.split())


def test_no_proxy_of_the_user_s_docker_configuration_enters(
    image: str, mnist: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "config.json").write_text('{"proxies": {"default": {"httpProxy": "http://me:hunter2@corp:3128"}}}')
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    from sandbox.engine import connect

    machine = DockerMachine(connect(), image, mnist[1])
    try:
        assert "hunter2" not in run(machine, "env").output
    finally:
        machine.session.remove()


def test_a_workspace_of_any_depth_can_be_branched_and_removed(machine: DockerMachine) -> None:
    run(machine, "python3 -c \"import os; [(os.mkdir('d'), os.chdir('d')) for _ in range(1500)]\"")
    machine.mark()
    branch = machine.branch(1)
    assert run(branch, "ls").stdout == "d\n"
    branch.session.remove()
    assert not branch.session.folder.exists()


def test_a_file_can_be_written_where_a_program_left_a_folder(machine: DockerMachine) -> None:
    run(machine, "mkdir -p train.py/deep")
    machine.write("train.py", "print('here')\n")
    assert run(machine, "python3 train.py").stdout == "here\n"


@pytest.mark.parametrize(
    "call",
    ["torch.manual_seed(seed=1)", "random.seed(a=5)", "numpy.random.seed(seed=5)", "numpy.random.default_rng(7)"],
)
def test_explicit_seeds_are_offset_however_they_are_given(machine: DockerMachine, call: str) -> None:
    async def drawn() -> Any:
        async with machine.branch(3, reseed=True) as branch:
            return await branch.run(f'python3 -c "import random, numpy, torch; {call}"')

    told = asyncio.run(drawn())
    assert told.exit_code == 0, told.output
    assert told.notes[0].endswith("offset by 3000")


def test_reseeding_offsets_explicit_seeds_and_says_so(machine: DockerMachine) -> None:
    program = "import torch; torch.manual_seed(42); print(torch.rand(1).item())"

    async def drawn(seed: int, reseed: bool) -> Any:
        async with machine.branch(seed, reseed=reseed) as branch:
            return await branch.run(f'python3 -c "{program}"')

    written = {asyncio.run(drawn(seed, False)).stdout for seed in (1, 2)}
    reseeded = [asyncio.run(drawn(seed, True)) for seed in (1, 2)]
    assert len(written) == 1
    assert len({one.stdout for one in reseeded} | written) == 3
    assert reseeded[1].notes == ("torch.manual_seed(42) offset by 2000",)


def test_torchvision_finds_mnist_wherever_a_program_looks(machine: DockerMachine, mnist: Any) -> None:
    program = (
        "from torchvision import datasets; "
        "print(len(datasets.MNIST('elsewhere', train=True, download=True)), "
        "len(datasets.MNIST(root='./d', train=False)))"
    )
    told = run(machine, f'python3 -c "{program}"')
    assert told.stdout.split() == [str(mnist[0].train), str(mnist[0].test)]


def test_artifacts_come_back_and_links_stay(engine: Any, image: str, mnist: Any, tmp_path: Path) -> None:
    machine = DockerMachine(engine, image, mnist[1], artifacts=tmp_path / "kept")
    try:
        machine.write("train.py", "print('x')")
        told = run(machine, "echo weights > model.pt; ln -s /etc/passwd leak; mkfifo pipe; ln model.pt twin")
        assert told.artifacts == ()
        told = run(machine, "rm twin")
    finally:
        machine.session.remove()
    assert told.artifacts == ("command-s0/model.pt",)
    assert (tmp_path / "kept" / "command-s0" / "model.pt").read_text() == "weights\n"


def test_nothing_is_left_behind(engine: Any, machine: DockerMachine) -> None:
    run(machine, "true")
    machine.session.remove()
    label = f"gedanken.run={machine.run_id}"
    assert engine.containers.list(all=True, filters={"label": label}) == []
    assert not machine.session.folder.exists()


def test_undecodable_output_survives(machine: DockerMachine) -> None:
    assert "\ufffd" in run(machine, "printf 'a\\377b'").stdout
