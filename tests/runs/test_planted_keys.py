"""A key is put wherever one can be. It does not appear in any file or on the screen."""

import base64
import json
import os
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from urllib.parse import quote

import pytest
from conftest import GEDANKEN
from providers.openai_chat import OpenAIChat
from providers.players import Family, Player, serve_player
from providers.server import Answer, Request
from receivers import spans_in, start_receiver
from scripted_runs import GOOD_PROGRAM, scripted_replies, write_experiment

from gedanken.experiment.user_folders import cache_folder

IN_VARIABLES = {
    "OPENAI_API_KEY": "sk-plant-openai+1/x=Qz81",
    "ANTHROPIC_API_KEY": "sk-ant-plant-2b7d",
    "GOOGLE_API_KEY": "AIzaPlant3c9e",
    "AWS_ACCESS_KEY_ID": "AKIAPLANT4D1F",
    "AWS_SECRET_ACCESS_KEY": "/plant/aws+secret5e2a",
    "AWS_SESSION_TOKEN": "plant-aws-token-6f3b==",
    "LANGSMITH_API_KEY": "lsv2_plant_7a4c",
    "HF_TOKEN": "hf_plant8b5d",
    "MY_PROVIDER_API_KEY": 'plant"quoted\\9c6e',
    "SOME_SECRET": "plantsecret0d7f",
}
HOST_VARIABLES = {
    "LANGSMITH_HINT": "of-the-host-6d3c",
    "LANGCHAIN_REVISION": "of-the-host-7e4d",
    "OTEL_SERVICE_NAME": "of-the-host-8f5e",
}
"""Variables that do not look secret, but whose values must not leave the machine."""
HOME_NAME = "home-of-somebody-9a6f"
PROXY, PASSWORD, QUERY, SEGMENT = "plant-proxy-1e8a", "plant-user-2f9b", "plant-query-3a0c", "sk-plant-path-4b1dabcd"
COLLECTOR = "plant-collector-5c2d"
BEARER = "tok-plant-bearer-5c2b7"
PLANTED = (*IN_VARIABLES.values(), BEARER, PROXY, PASSWORD, QUERY, SEGMENT)
ALL_KEYS = " ".join((*PLANTED, *(quote(key, safe="") for key in PLANTED)))
ENCODED_KEYS = [base64.b64encode(b"ab"[:offset] + key.encode()).decode() for key in PLANTED for offset in range(3)]
RULES = scripted_replies(
    GOOD_PROGRAM + "".join(f"# {word}\n" for word in ALL_KEYS.split()), run=f"{ALL_KEYS}\n{' '.join(ENCODED_KEYS)}\n"
)


def small_pieces(text: str) -> list[bytes]:
    """Split a text into pieces, as a model streams it, so that no piece contains a whole key."""
    return [OpenAIChat().piece(text[start : start + 5]) for start in range(0, len(text), 5)]


class EchoingPlayer(Player):
    """A server that refuses each request with a message that contains the credentials of the request."""

    async def handle(self, request: Request, answer: Answer) -> None:
        message = f"{'wrong key ' * 30}{request.headers.get('authorization')} at {request.path}: {ALL_KEYS}"
        await answer.whole(401, "application/json", OpenAIChat().error(401, message))


@pytest.fixture
def player() -> Iterator[Player]:
    family = Family(OpenAIChat("openai:gpt-4.1"), small_pieces)
    with serve_player(Player(family, [*RULES, {"when": "", "samples": [f"it is {ALL_KEYS}\n"]}])) as player:
        yield player


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "here").mkdir()
    return tmp_path / "here"


def call_gedanken(
    folder: Path, *arguments: object, typed: str = "", **variables: str
) -> "subprocess.CompletedProcess[str]":
    environment = {
        **os.environ,
        **IN_VARIABLES,
        "OTEL_EXPORTER_OTLP_HEADERS": f"authorization=Bearer%20{BEARER}",
        "HTTPS_PROXY": f"http://someone:{PROXY}@127.0.0.1:9",
        "NO_PROXY": "127.0.0.1",
        "GEDANKEN_STATE": str(folder / "state"),
        **variables,
    }
    command = [*GEDANKEN, *map(str, arguments)]
    return subprocess.run(
        command,
        input=typed,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
        cwd=folder,
        env=environment,
    )


def run_together(
    *calls: "Callable[[], subprocess.CompletedProcess[str]]",
) -> "list[subprocess.CompletedProcess[str]]":
    """Run commands at the same time."""
    with ThreadPoolExecutor() as pool:
        return [future.result() for future in [pool.submit(future) for future in calls]]


def model_options(player: Player) -> tuple[str, ...]:
    """The options for a model whose address contains a password, a key in the path and a key in the query."""
    address = player.address.replace("//", f"//someone:{PASSWORD}@")
    base_url = f"{address}/v1/{SEGMENT}?api-key={QUERY}&api-version=2026-01-01"
    return "--model", player.family.wire.model, "--base-url", base_url


def assert_no_key(folder: Path, *result: "subprocess.CompletedProcess[str]") -> None:
    """Assert that no output and no file contains a key, however the key is encoded."""
    texts = {f"{name} {number}": text for number, result in enumerate(result) for name, text in streams_of(result)}
    for path in (path for path in folder.rglob("*") if path.is_file()):
        texts[str(path)] = path.read_bytes().decode("latin-1")
        if path.suffix == ".sqlite":
            texts[f"rows of {path}"] = rows_of(path)
    forms = {form for key in PLANTED for form in (key, quote(key, safe=""), json.dumps(key)[1:-1])}
    forms |= {encoded.rstrip("=")[3:-2] for encoded in ENCODED_KEYS}
    assert [(name, form) for name, text in texts.items() for form in forms if form in text] == []


def streams_of(result: "subprocess.CompletedProcess[str]") -> list[tuple[str, str]]:
    return [("stdout", result.stdout), ("stderr", result.stderr)]


def rows_of(path: Path) -> str:
    """All values in the tables of a database. (In the file of the database, long values are split.)"""
    with sqlite3.connect(path) as database:
        tables = [name for (name,) in database.execute("select name from sqlite_master where type = 'table'")]
        rows = [row for table in tables for row in database.execute(f'select * from "{table}"')]
    return " ".join(cell.decode("latin-1") if isinstance(cell, bytes) else str(cell) for row in rows for cell in row)


@pytest.mark.docker
def test_a_run_keeps_none_and_sends_none_with_its_trace(player: Player, folder: Path) -> None:
    folder = folder / HOME_NAME
    folder.mkdir()
    experiment_file = write_experiment(folder)
    run_options = ("--real", 1, "--imagined", 1, "--no-surprise")
    with start_receiver() as (langsmith, at_langsmith), start_receiver() as (collector, at_collector):
        host = {**HOST_VARIABLES, "HOME": str(folder), "GEDANKEN_CACHE": str(cache_folder())}
        run_gedanken = partial(call_gedanken, folder, LANGSMITH_ENDPOINT=langsmith, **host)
        signed_collector = collector.replace("//", f"//someone:{COLLECTOR}@")
        run = (
            "run",
            experiment_file,
            *model_options(player),
            *run_options,
            "--out",
            "out",
            "--trace-otlp",
            signed_collector,
        )
        run_process = run_gedanken(*run, LANGSMITH_TRACING="true")
        assert run_process.returncode == 0, run_process.stderr
        assert f"api-key={QUERY}" in player.requests[0].path and f"/v1/{SEGMENT}/" in player.requests[0].path
        report_result = run_gedanken("report", "out", "--markdown")
        export_options = ("--to", "spans.json", "--otlp", signed_collector, "--langsmith")
        export_result = run_gedanken("traces", "export", "out", *export_options)
        assert export_result.returncode == 0, export_result.stderr
        show_result = run_gedanken("traces", "show", "out", "--json")
        assert spans_in(at_collector) and at_langsmith.bodies and (folder / "spans.json").exists()
        bodies_by_receiver = {"langsmith": at_langsmith.bodies, "collector": at_collector.bodies}
    assert all(
        b"[key removed]" in b"".join(bodies) and b'"runtime"' not in b"".join(bodies)
        for bodies in bodies_by_receiver.values()
    )
    for name, bodies in bodies_by_receiver.items():
        (folder / name).write_bytes(b"".join(bodies))
    experiment_file.unlink()
    assert_no_key(folder, run_process, report_result, export_result, show_result)
    files = [path for path in folder.rglob("*") if path.is_file()]
    texts = [
        run_process.stdout,
        report_result.stdout,
        export_result.stdout,
        show_result.stdout,
        *(path.read_bytes().decode("latin-1") for path in files),
    ]
    assert [
        hint for hint in (*HOST_VARIABLES.values(), HOME_NAME, COLLECTOR) if any(hint in text for text in texts)
    ] == []
    result = json.loads((folder / "out/run.json").read_text())
    assert result["model"]["base_url"] == f"{player.address}/v1/…?api-key=…&api-version=2026-01-01"
    notes = [note for run in result["imagined"] if run["program"] for note in run["notes"]]
    assert "the reply contained an API key, which was removed" in notes
    assert "[key removed]" in (folder / "out/programs/train-v1.py").read_text()
    assert "[key removed]" in (folder / "out/trace.jsonl").read_text()


def test_a_shell_and_its_session_keep_none_and_send_none(player: Player, folder: Path) -> None:
    typed = "pwd\n" + "".join(f"echo '{key}'\n" for key in PLANTED) + ":save said.md\n"
    result = call_gedanken(folder, "shell", *model_options(player), "--session", "kept", typed=typed)
    assert "[key removed]" in result.stdout, result.stderr
    assert (folder / "said.md").exists() and list((folder / "state").rglob("kept.jsonl"))
    assert_no_key(folder, result)
    assert not [key for key in PLANTED for request in player.requests if key.encode() in request.raw]


def test_a_probe_keeps_none(player: Player, folder: Path) -> None:
    result = call_gedanken(
        folder, "probe", "memory", *model_options(player), "--policy", "none", "--out", "probe.json"
    )
    assert result.returncode == 0, result.stderr
    assert "[key removed]" in (folder / "probe.json").read_text()
    assert_no_key(folder, result)


def test_a_check_of_the_model_and_the_doctor_print_none(player: Player, folder: Path) -> None:
    name, url = model_options(player)[1], model_options(player)[3]
    check_arguments = ("models", "check", name, "--base-url", url)
    commands = (check_arguments, (*check_arguments, "--json"), ("doctor",), ("doctor", "--json"))
    result = run_together(*(partial(call_gedanken, folder, *arguments) for arguments in commands))
    assert [arguments.returncode for arguments in result[:2]] == [0, 0], result[0].stderr
    assert_no_key(folder, *result)


def test_a_server_that_tells_who_asked_is_not_repeated(folder: Path) -> None:
    with serve_player(EchoingPlayer(Family(OpenAIChat("openai:gpt-4.1"), small_pieces), [])) as player:
        check_model = partial(
            call_gedanken, folder, "models", "check", "openai:gpt-4.1", "--base-url", model_options(player)[3]
        )
        result, shell_result = run_together(
            check_model, partial(call_gedanken, folder, "shell", *model_options(player), typed="pwd\n")
        )
    assert (result.returncode, shell_result.returncode) == (4, 4)
    assert "key was refused (401)" in result.stderr
    assert_no_key(folder, result, shell_result)


@pytest.mark.parametrize(
    "url",
    [
        f"htp://someone:{PASSWORD}@host/v1",
        f"http:/someone:{PASSWORD}@host/v1",
        f"someone:{PASSWORD}@host/v1?key={QUERY}",
        f"//{PASSWORD}@host",
        f"http://someone:{PASSWORD}@[::1/v1?key={QUERY}",
        f"http://someone:{PASSWORD}@host:port/{SEGMENT}",
    ],
)
def test_an_address_that_is_none_is_told_without_who_signs_in(folder: Path, url: str) -> None:
    result = call_gedanken(folder, "models", "check", "openai:gpt-4.1", "--base-url", url)
    assert result.returncode in (2, 4) and result.stderr.startswith("gedanken: ") and result.stderr.count("\n") == 1
    assert_no_key(folder, result)


def test_an_experiment_that_holds_a_key_is_not_run(player: Player, folder: Path) -> None:
    experiment_file = write_experiment(folder, script=[f"echo {IN_VARIABLES['HF_TOKEN']}"])
    result = call_gedanken(folder, "run", experiment_file, *model_options(player))
    experiment_file.unlink()
    assert (result.returncode, player.requests) == (2, [])
    assert_no_key(folder, result)


@pytest.mark.parametrize(
    "sandbox", [pytest.param(one, marks=getattr(pytest.mark, one)) for one in ("docker", "bubblewrap")] + ["host"]
)
def test_no_sandbox_is_given_one(folder: Path, sandbox: str) -> None:
    arguments = ("--machine", "real", "--sandbox", sandbox, *(["--i-trust-this-code"] if sandbox == "host" else []))
    result = call_gedanken(folder, "shell", *arguments, typed="cat /proc/self/environ; echo; env; echo seen\n")
    assert "seen" in result.stdout, result.stderr
    assert "plant" not in result.stdout.lower() and "[key removed]" not in result.stdout


def test_what_langsmith_is_sent_is_said_with_how_to_stop_it(player: Player, folder: Path) -> None:
    with serve_player(EchoingPlayer(player.family, [])) as langsmith:
        call_shell = partial(
            call_gedanken,
            folder,
            "shell",
            *model_options(player),
            typed="pwd\n",
            LANGSMITH_ENDPOINT=langsmith.address,
        )
        result, result_without = run_together(
            partial(call_shell, LANGSMITH_TRACING="true"), partial(call_shell, LANGSMITH_TRACING="false")
        )
    notices = [line for line in result.stderr.splitlines() if "LangSmith is on" in line]
    assert len(notices) == 1 and "LANGSMITH_TRACING=false" in notices[0]
    assert_no_key(folder, result)
    assert "LangSmith" not in result_without.stderr
