"""Images: when one is up to date, which base image it is built on, and what happens if the engine fails."""

import os
import socket
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from gedanken.experiment.errors import NoSandbox
from gedanken.experiment.progress import Silent
from gedanken.sandbox import image as images
from gedanken.sandbox.image import BASE_LABEL, RECIPE_LABEL, ensure_image, is_current, recipe


class RecordedProgress(Silent):
    def __init__(self) -> None:
        self.lines: list[str] = []

    def say(self, text: str) -> None:
        self.lines.append(text)


def test_an_image_is_current_by_recipe_and_by_the_base_that_is_named() -> None:
    labels = {RECIPE_LABEL: recipe(), BASE_LABEL: "mine:1"}
    assert is_current(labels)
    assert is_current(labels, "mine:1")
    assert not is_current(labels, "mine:2")
    assert not is_current({**labels, RECIPE_LABEL: "old"}, "mine:1")
    assert not is_current({})


@pytest.fixture
def spare(monkeypatch: pytest.MonkeyPatch, docker_engine: Any) -> Iterator[str]:
    """A temporary name for the CUDA image, so that the user's image is not replaced."""
    from docker.errors import ImageNotFound

    name = f"gedanken/sandbox:test-{os.getpid()}"
    monkeypatch.setattr(images, "CUDA_IMAGE", name)
    yield name
    with suppress(ImageNotFound):
        docker_engine.client.images.remove(name)


@pytest.mark.docker
def test_a_base_that_has_torch_is_taken_as_it_is(docker_engine: Any, spare: str) -> None:
    client, progress = docker_engine.client, RecordedProgress()
    assert ensure_image(client, progress, cuda=True, base=docker_engine.image) == spare
    base, built_image = client.images.get(docker_engine.image), client.images.get(spare)
    assert built_image.attrs["Size"] - base.attrs["Size"] < 10_000
    assert not built_image.attrs["Config"]["Entrypoint"]
    assert built_image.labels[BASE_LABEL] == docker_engine.image
    hook = {str(Path(images.__file__).parent / "hook"): {"bind": "/elsewhere", "mode": "ro"}}
    output = client.containers.run(
        spare,
        ["python3", "-c", "import sys, torchvision; print('gedanken_hook' in sys.modules)"],
        volumes=hook,
        environment={"GEDANKEN_HOOK": "/elsewhere"},
        network_mode="none",
        remove=True,
    )
    assert output.decode().split()[-1] == "True"
    assert ensure_image(client, progress, cuda=True) == spare
    assert progress.lines == []
    assert client.images.get(spare).id == built_image.id


@pytest.mark.docker
def test_a_base_that_cannot_be_pulled_is_named_with_what_to_do(docker_engine: Any, spare: str) -> None:
    with pytest.raises(NoSandbox, match=r"nosuch\.invalid/base:1 cannot be pulled.*docker load.*--base"):
        ensure_image(docker_engine.client, Silent(), cuda=True, base="nosuch.invalid/base:1")
    assert not docker_engine.client.images.list(name=spare)


def test_an_engine_that_falls_silent_is_no_traceback(tmp_path: Path) -> None:
    import docker

    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "silent.sock"))
        listener.listen()
        client = docker.DockerClient(f"unix://{tmp_path}/silent.sock", version="1.41", timeout=1)
        with pytest.raises(NoSandbox, match="the engine does not answer"):
            ensure_image(client, Silent())
        client.close()


@pytest.mark.docker
@pytest.mark.podman
def test_podman_takes_the_image_over_from_docker(docker_engine: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from gedanken.sandbox.connect import connect_podman

    try:
        podman = connect_podman()
    except NoSandbox as error:
        pytest.skip(str(error))
    name = f"gedanken/sandbox:test-{os.getpid()}"
    monkeypatch.setattr(images, "IMAGE", name)
    docker_engine.client.images.get(docker_engine.image).tag(*name.split(":"))
    try:
        assert ensure_image(podman, Silent()) == name
        assert podman.images.get(name).id == docker_engine.client.images.get(name).id
    finally:
        docker_engine.client.images.remove(name)
        podman.images.remove(name)
