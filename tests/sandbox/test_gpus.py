"""What `--gpus` requests, how the GPUs are requested from each engine, and what results. None of these tests needs a
GPU.
"""

import json
import platform
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from docker.types import DeviceRequest
from hypothesis import given
from hypothesis import strategies as st

from gedanken.experiment.errors import BadInput, NoSandbox
from gedanken.sandbox.gpus import CDI_FOLDERS, GpuRequest, device_options, explain_gpu_error, judge_gpus, parse_gpus

IDS = st.from_regex(r"\A([0-9]{1,3}(:[0-9])?|(GPU|MIG)-[0-9a-f]{8}-[0-9a-f]{4})\Z")
WISHES = st.one_of(
    st.sampled_from([GpuRequest(kind) for kind in ("none", "auto", "all")]),
    st.integers(1, 999).map(lambda count: GpuRequest("count", count=count)),
    st.lists(IDS, min_size=1, max_size=8, unique=True).map(lambda ids: GpuRequest("ids", ids=tuple(ids))),
)
ALL, AUTO, TWO, SECOND = (parse_gpus(text) for text in ("all", "auto", "2", "device=1"))
FAKE = "GEDANKEN_FAKE_GPU"


def cdi_spec(kind: str, names: tuple[str, ...]) -> str:
    """A CDI specification whose devices set an environment variable; they need no hardware."""
    devices = [{"name": name, "containerEdits": {"env": [f"{FAKE}={name}"]}} for name in names]
    return json.dumps({"cdiVersion": "0.5.0", "kind": kind, "devices": devices, "containerEdits": {}})


@given(WISHES)
def test_what_is_asked_for_is_written_as_it_is_read(wish: GpuRequest) -> None:
    assert parse_gpus(str(wish)) == wish


@given(st.text(max_size=12))
def test_any_text_is_read_or_refused_in_one_line(text: str) -> None:
    try:
        assert parse_gpus(text).kind in ("none", "auto", "all", "count", "ids")
    except BadInput as error:
        assert str(error).startswith("--gpus ")


@pytest.mark.parametrize("text", ["", "0", "-1", "ALL", "0,0", "0,", "device=", "GPU", "1.5", "all,0", "٣", "007"])
def test_what_names_no_gpus_is_refused(text: str) -> None:
    with pytest.raises(BadInput, match="--gpus"):
        parse_gpus(text)


@pytest.fixture
def docker_info() -> dict[str, Any]:
    """The relevant parts of what dockerd 20.10 answers to `info`."""
    return {
        "Name": platform.node(),
        "ServerVersion": "20.10.24",
        "Runtimes": {"io.containerd.runc.v2": {"path": "runc"}, "runc": {"path": "runc"}},
    }


def device_request(wish: GpuRequest, info: dict[str, Any], podman: bool = False) -> dict[str, Any]:
    """The only device request that is made for this value of `--gpus`."""
    (request,) = device_options(wish, info, podman)["device_requests"]
    return dict(request)


def test_an_engine_with_nvidia_s_runtime_is_asked_for_the_capability(docker_info: dict[str, Any]) -> None:
    docker_info["Runtimes"]["nvidia"] = {"path": "nvidia-container-runtime"}
    for wish, count, ids in ((ALL, -1, []), (AUTO, -1, []), (TWO, 2, []), (SECOND, 0, ["1"])):
        request = device_request(wish, docker_info)
        assert (request["Driver"], request["Count"], request["DeviceIDs"]) == ("", count, ids)
        assert request["Capabilities"] == [["gpu"]]
    assert device_options(GpuRequest(), docker_info, podman=False) == {}


@pytest.mark.parametrize("podman", [False, True])
def test_without_a_runtime_cdi_devices_are_asked_for_by_name(
    docker_info: dict[str, Any], tmp_path: Path, podman: bool
) -> None:
    (tmp_path / "nvidia.yaml").write_text(cdi_spec("nvidia.com/gpu", ("0", "GPU-1b4f", "1", "GPU-90ce", "all")))
    (tmp_path / "other.json").write_text(cdi_spec("example.com/gpu", ("7",)))
    (tmp_path / "broken.json").write_text("{")
    info = {**docker_info, "ServerVersion": "5.4.2" if podman else "28.1.0", "CDISpecDirs": [str(tmp_path)]}
    for wish, names in ((ALL, ["all"]), (AUTO, ["all"]), (TWO, ["0", "1"]), (SECOND, ["1"])):
        request = device_request(wish, info, podman)
        assert (request["Driver"], request["Capabilities"]) == ("cdi", [])
        assert request["DeviceIDs"] == [f"nvidia.com/gpu={name}" for name in names]
    with pytest.raises(NoSandbox, match=r"--gpus 3: .* offers only nvidia\.com/gpu=0"):
        device_options(parse_gpus("3"), info, podman)
    with pytest.raises(NoSandbox, match="nvidia-ctk cdi generate"):
        device_options(parse_gpus("0,5"), info, podman)


def test_what_docker_28_discovered_is_believed_wherever_it_runs(docker_info: dict[str, Any]) -> None:
    devices = [{"Source": "cdi", "ID": "nvidia.com/gpu=0"}, {"Source": "cdi", "ID": "example.com/gpu=1"}]
    remote_info = {**docker_info, "Name": "another-host", "CDISpecDirs": ["/etc/cdi"], "DiscoveredDevices": devices}
    assert device_request(ALL, remote_info)["DeviceIDs"] == ["nvidia.com/gpu=0"]


def test_an_engine_with_neither_is_told_what_to_install_unless_auto(docker_info: dict[str, Any]) -> None:
    assert device_options(AUTO, docker_info, podman=False) == {}
    for wish in (ALL, TWO, SECOND):
        with pytest.raises(NoSandbox, match=r"nvidia-container-toolkit.*nvidia-ctk runtime configure"):
            device_options(wish, docker_info, podman=False)


def test_a_podman_that_drops_requests_is_not_asked(docker_info: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "nvidia.json").write_text(cdi_spec("nvidia.com/gpu", ("all",)))
    info = {**docker_info, "ServerVersion": "4.3.1", "CDISpecDirs": [str(tmp_path)]}
    assert device_options(AUTO, info, podman=True) == {}
    with pytest.raises(NoSandbox, match=r"Podman 4\.3\.1 gives containers no GPU; use Podman 5\.4"):
        device_options(ALL, info, podman=True)


@pytest.mark.parametrize(
    ("wish", "seen", "given", "fine"),
    [
        ("none", 0, False, True),
        ("auto", 0, False, True),
        ("auto", 1, True, True),
        ("auto", 0, True, False),
        ("all", 4, True, True),
        ("all", 0, True, False),
        ("2", 2, True, True),
        ("2", 1, True, False),
        ("0,1,3", 2, True, False),
    ],
)
def test_fewer_gpus_seen_than_asked_for_is_a_problem(wish: str, seen: int, given: bool, fine: bool) -> None:
    problem = judge_gpus(parse_gpus(wish), seen, given)
    assert (problem is None) == fine
    assert fine or f"torch.cuda sees {seen}" in str(problem)


SHOW = ["sh", "-c", f"echo got ${FAKE}"]
ULIMITS = ("nofile", "nproc")


def container_output(client: Any, image: str, options: dict[str, Any]) -> str:
    """What a container with these options prints about the fake device."""
    from docker.types import Ulimit

    ulimits = [Ulimit(name=name, soft=1024, hard=1024) for name in ULIMITS]
    return outcome(client.containers.create(image, SHOW, network_mode="none", ulimits=ulimits, **options))


def libpod_output(client: Any, image: str, device: str) -> str:
    """What a container that was created with Podman's own API, which accepts CDI names, prints about the fake
    device.
    """
    container_spec = {
        "image": image,
        "command": SHOW,
        "netns": {"nsmode": "none"},
        "devices": [{"path": device}],
        "r_limits": [{"type": name, "soft": 1024, "hard": 1024} for name in ULIMITS],
    }
    created = client.api.post(
        f"{client.api.base_url}/v4.0.0/libpod/containers/create", json=container_spec, timeout=30
    )
    created.raise_for_status()
    return outcome(client.containers.get(created.json()["Id"]))


def outcome(container: Any) -> str:
    """Start the container, wait for its end, remove it, and return what it printed."""
    try:
        container.start()
        container.wait(timeout=30)
        return str(container.logs().decode().strip())
    finally:
        container.remove(force=True)


@pytest.mark.docker
@pytest.mark.parametrize(("wish", "cdi"), [(ALL, False), (SECOND, False), (ALL, True)])
def test_docker_without_a_driver_refuses_in_words_that_are_understood(
    docker_engine: Any, wish: GpuRequest, cdi: bool
) -> None:
    info = docker_engine.client.info()
    if "nvidia" in info["Runtimes"] or info.get("CDISpecDirs"):
        pytest.skip("this Docker gives GPUs")
    devices = [{"Source": "cdi", "ID": "nvidia.com/gpu=all"}]
    changed_info = {**info, "DiscoveredDevices": devices} if cdi else {**info, "Runtimes": {"nvidia": {}}}
    options = device_options(wish, changed_info, podman=False)
    with pytest.raises(Exception, match="could not select device driver") as caught:
        container_output(docker_engine.client, docker_engine.image, options)
    explanation = explain_gpu_error(caught.value)
    assert isinstance(explanation, NoSandbox)
    assert "nvidia-container-toolkit" in str(explanation)


def test_other_refusals_are_not_explained_by_gpus() -> None:
    assert explain_gpu_error(OSError("no space left on device")) is None


@pytest.fixture
def fake_gpu() -> Iterator[str]:
    """A CDI device in a folder that Podman reads. It is removed after the test."""
    folder = Path(CDI_FOLDERS[1])
    is_new_folder = not folder.exists()
    try:
        folder.mkdir(exist_ok=True)
        path = folder / "gedanken-test.json"
        path.write_text(cdi_spec("nvidia.com/gpu", ("gedanken-fake",)))
    except OSError as error:
        pytest.skip(f"CDI specifications cannot be written here: {error}")
    yield "nvidia.com/gpu=gedanken-fake"
    path.unlink()
    if is_new_folder:
        folder.rmdir()


@pytest.fixture
def podman() -> Any:
    """A client of Podman's Docker API."""
    from gedanken.sandbox.connect import connect_podman

    try:
        return connect_podman()
    except NoSandbox as error:
        pytest.skip(str(error))


@pytest.fixture
def podman_image(podman: Any) -> str:
    """The sandbox image, in Podman."""
    from gedanken.experiment.progress import Silent
    from gedanken.sandbox.image import ensure_image

    return ensure_image(podman, Silent())


@pytest.mark.podman
def test_a_fake_gpu_reaches_a_container_in_podman_as_far_as_its_api_lets_it(
    podman: Any, podman_image: str, fake_gpu: str
) -> None:
    newer_info = {**podman.info(), "ServerVersion": "5.4.0"}
    options = device_options(GpuRequest("ids", ids=("gedanken-fake",)), newer_info, podman=True)
    assert options["device_requests"][0]["DeviceIDs"] == [fake_gpu]
    assert libpod_output(podman, podman_image, fake_gpu) == "got gedanken-fake"
    version = tuple(int(part) for part in podman.info()["ServerVersion"].split(".")[:2])
    output = container_output(podman, podman_image, options)
    # Before 5.4 the request is accepted, and nothing arrives; that is why such a Podman is not asked.
    assert output == ("got gedanken-fake" if version >= (5, 4) else "got")


@pytest.mark.podman
@pytest.mark.usefixtures("fake_gpu")
def test_podman_drops_a_request_for_the_capability_without_a_word(podman: Any, podman_image: str) -> None:
    with_runtime = {**podman.info(), "Runtimes": {"nvidia": {}}}
    options = device_options(ALL, with_runtime, podman=False)
    assert container_output(podman, podman_image, options) == "got"
    assert judge_gpus(ALL, seen=0, asked=True) is not None


@pytest.mark.docker
def test_a_runtime_whose_driver_does_not_work_is_found_out_before_anything_runs(docker_engine: Any) -> None:
    gpu_options = {"device_requests": [DeviceRequest(count=-1, capabilities=[["gpu"]])]}
    with pytest.raises(NoSandbox, match="no driver for NVIDIA devices"):
        replace(docker_engine, gpu_options=gpu_options).probe()
