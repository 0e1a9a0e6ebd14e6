"""The Python API: real and imagined machines are used in the same way."""

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest

import gedanken
from gedanken import DockerMachine, ImaginedMachine, load_experiment, load_persona
from gedanken.experiment.errors import BadInput, NoModel, NoSandbox
from gedanken.experiment.execution import Machine
from gedanken.experiment.persona import DEFAULT_MACHINE, Dataset
from gedanken.sandbox.machine import SandboxMachine


def test_importing_gedanken_imports_nothing_heavy() -> None:
    program = "import sys, gedanken; print(gedanken.__version__, len([n for n in sys.modules if '.' not in n]))"
    heavy = "; print([n for n in ('pydantic', 'yaml', 'docker', 'agents', 'sandbox') if n in sys.modules])"
    completed = subprocess.run([sys.executable, "-c", program + heavy], capture_output=True, text=True, check=True)
    assert completed.stdout.splitlines()[1] == "[]"


def test_what_is_promised_is_there_and_nothing_else() -> None:
    assert all(hasattr(gedanken, name) for name in gedanken.__all__)
    assert load_experiment("mnist").name == "mnist"
    assert not hasattr(gedanken, "nosuch")


def test_both_kinds_are_machines() -> None:
    assert isinstance(DockerMachine(), Machine)
    assert isinstance(ImaginedMachine("embedded", load_persona("matched")), Machine)


def test_a_machine_that_was_not_opened_says_how() -> None:
    with pytest.raises(NoSandbox, match="async with"):
        asyncio.run(DockerMachine().run("ls"))
    with pytest.raises(NoModel, match="async with"):
        asyncio.run(ImaginedMachine("embedded", load_persona("matched")).run("ls"))


def test_an_unknown_data_set_is_refused_with_those_there_are() -> None:
    async def enter() -> None:
        async with DockerMachine(dataset="imagenet"):
            pass

    with pytest.raises(BadInput, match="imagenet; the data sets are mnist, cifar10"):
        asyncio.run(enter())


@pytest.mark.docker
def test_a_docker_machine_remembers_while_it_is_open_and_leaves_nothing() -> None:
    machine = DockerMachine()
    chunks: list[str] = []

    async def main() -> list[str]:
        outputs = []
        for _again in range(2):
            async with machine:
                await machine.run("echo note > file")
                outputs.append((await machine.run("ls; cat file", on_output=chunks.append)).stdout)
        return outputs

    assert asyncio.run(main()) == ["file\nnote\n"] * 2
    assert "".join(chunks) == "file\nnote\n" * 2


@pytest.mark.docker
def test_a_machine_played_with_no_real_one_beside_it_is_told_the_docker_sandbox(
    machine: SandboxMachine, mnist: tuple[Dataset, Path]
) -> None:
    measured = asyncio.run(machine.measure(mnist[0]))
    fields = {"os", "python", "torch", "user", "directory", "dataset"}
    assert DEFAULT_MACHINE.model_dump(include=fields) == measured.model_dump(include=fields)
