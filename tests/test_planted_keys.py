"""A key planted in every place where a key can stand is in no file and on no screen."""

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
from providers.players import Family, Player, playing
from providers.server import Answer, Request
from receivers import receiving, spans_in
from test_run_scripted import GOOD, experiment, replies

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
OF_HOST = {
    "LANGSMITH_HINT": "of-the-host-6d3c",
    "LANGCHAIN_REVISION": "of-the-host-7e4d",
    "OTEL_SERVICE_NAME": "of-the-host-8f5e",
}
"""Variables that look like no secret, and are nobody's business."""
HOME = "home-of-somebody-9a6f"
PROXY, PASSWORD, QUERY, SEGMENT = "plant-proxy-1e8a", "plant-user-2f9b", "plant-query-3a0c", "sk-plant-path-4b1dabcd"
COLLECTOR = "plant-collector-5c2d"
BEARER = "tok-plant-bearer-5c2b7"
PLANTED = (*IN_VARIABLES.values(), BEARER, PROXY, PASSWORD, QUERY, SEGMENT)
ECHO = " ".join((*PLANTED, *(quote(key, safe="") for key in PLANTED)))
ENCODED = [base64.b64encode(b"ab"[:at] + key.encode()).decode() for key in PLANTED for at in range(3)]
RULES = replies(GOOD + "".join(f"# {word}\n" for word in ECHO.split()), run=f"{ECHO}\n{' '.join(ENCODED)}\n")


def in_small_pieces(text: str) -> list[bytes]:
    """As a model streams it: no key comes whole."""
    return [OpenAIChat().piece(text[at : at + 5]) for at in range(0, len(text), 5)]


class Echoing(Player):
    """Refuses each request, with what signed it in."""

    async def handle(self, request: Request, answer: Answer) -> None:
        told = f"{'wrong key ' * 30}{request.headers.get('authorization')} at {request.path}: {ECHO}"
        await answer.whole(401, "application/json", OpenAIChat().error(401, told))


@pytest.fixture
def player() -> Iterator[Player]:
    family = Family(OpenAIChat("openai:gpt-4.1"), in_small_pieces)
    with playing(Player(family, [*RULES, {"when": "", "samples": [f"it is {ECHO}\n"]}])) as player:
        yield player


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "here").mkdir()
    return tmp_path / "here"


def call(folder: Path, *arguments: object, typed: str = "", **more: str) -> "subprocess.CompletedProcess[str]":
    environment = {
        **os.environ,
        **IN_VARIABLES,
        "OTEL_EXPORTER_OTLP_HEADERS": f"authorization=Bearer%20{BEARER}",
        "HTTPS_PROXY": f"http://someone:{PROXY}@127.0.0.1:9",
        "NO_PROXY": "127.0.0.1",
        "GEDANKEN_STATE": str(folder / "state"),
        **more,
    }
    command = [*GEDANKEN, *map(str, arguments)]
    return subprocess.run(
        command, input=typed, capture_output=True, text=True, check=False, timeout=300, cwd=folder, env=environment
    )


def at_once(*calls: "Callable[[], subprocess.CompletedProcess[str]]") -> "list[subprocess.CompletedProcess[str]]":
    """Commands side by side, none of which needs another's end."""
    with ThreadPoolExecutor() as pool:
        return [one.result() for one in [pool.submit(one) for one in calls]]


def model(player: Player) -> tuple[str, ...]:
    """It signs in by each way that an address has."""
    address = player.address.replace("//", f"//someone:{PASSWORD}@")
    url = f"{address}/v1/{SEGMENT}?api-key={QUERY}&api-version=2026-01-01"
    return "--model", player.family.wire.model, "--base-url", url


def assert_none(folder: Path, *done: "subprocess.CompletedProcess[str]") -> None:
    """No key in any form is in what was printed, and in no file."""
    texts = {f"{name} {number}": text for number, one in enumerate(done) for name, text in printed(one)}
    for path in (path for path in folder.rglob("*") if path.is_file()):
        texts[str(path)] = path.read_bytes().decode("latin-1")
        if path.suffix == ".sqlite":
            texts[f"rows of {path}"] = rows_of(path)
    forms = {form for key in PLANTED for form in (key, quote(key, safe=""), json.dumps(key)[1:-1])}
    forms |= {encoded.rstrip("=")[3:-2] for encoded in ENCODED}
    assert [(name, form) for name, text in texts.items() for form in forms if form in text] == []


def printed(done: "subprocess.CompletedProcess[str]") -> list[tuple[str, str]]:
    return [("stdout", done.stdout), ("stderr", done.stderr)]


def rows_of(path: Path) -> str:
    """All that is in its tables: on its pages a long value lies in parts."""
    with sqlite3.connect(path) as database:
        tables = [name for (name,) in database.execute("select name from sqlite_master where type = 'table'")]
        rows = [row for table in tables for row in database.execute(f'select * from "{table}"')]
    return " ".join(cell.decode("latin-1") if isinstance(cell, bytes) else str(cell) for row in rows for cell in row)


@pytest.mark.docker
def test_a_run_keeps_none_and_sends_none_with_its_trace(player: Player, folder: Path) -> None:
    folder = folder / HOME
    folder.mkdir()
    small = experiment(folder)
    few = ("--real", 1, "--imagined", 1, "--no-surprise")
    with receiving() as (langsmith, at_langsmith), receiving() as (collector, at_collector):
        host = {**OF_HOST, "HOME": str(folder), "GEDANKEN_CACHE": str(cache_folder())}
        ask = partial(call, folder, LANGSMITH_ENDPOINT=langsmith, **host)
        signed = collector.replace("//", f"//someone:{COLLECTOR}@")
        run = ("run", small, *model(player), *few, "--out", "out", "--trace-otlp", signed)
        done = ask(*run, LANGSMITH_TRACING="true")
        assert done.returncode == 0, done.stderr
        assert f"api-key={QUERY}" in player.requests[0].path and f"/v1/{SEGMENT}/" in player.requests[0].path
        again = ask("report", "out", "--markdown")
        to = ("--to", "spans.json", "--otlp", signed, "--langsmith")
        handed = ask("traces", "export", "out", *to)
        assert handed.returncode == 0, handed.stderr
        shown = ask("traces", "show", "out", "--json")
        assert spans_in(at_collector) and at_langsmith.bodies and (folder / "spans.json").exists()
        wires = {"langsmith": at_langsmith.bodies, "collector": at_collector.bodies}
    assert all(
        b"[key removed]" in b"".join(bodies) and b'"runtime"' not in b"".join(bodies) for bodies in wires.values()
    )
    for name, bodies in wires.items():
        (folder / name).write_bytes(b"".join(bodies))
    small.unlink()
    assert_none(folder, done, again, handed, shown)
    left = [path for path in folder.rglob("*") if path.is_file()]
    said = [
        done.stdout,
        again.stdout,
        handed.stdout,
        shown.stdout,
        *(path.read_bytes().decode("latin-1") for path in left),
    ]
    assert [hint for hint in (*OF_HOST.values(), HOME, COLLECTOR) if any(hint in text for text in said)] == []
    result = json.loads((folder / "out/run.json").read_text())
    assert result["model"]["base_url"] == f"{player.address}/v1/…?api-key=…&api-version=2026-01-01"
    notes = [note for run in result["imagined"] if run["program"] for note in run["notes"]]
    assert "the reply contained an API key, which was removed" in notes
    assert "[key removed]" in (folder / "out/programs/train-v1.py").read_text()
    assert "[key removed]" in (folder / "out/trace.jsonl").read_text()


def test_a_shell_and_its_session_keep_none_and_send_none(player: Player, folder: Path) -> None:
    typed = "pwd\n" + "".join(f"echo '{key}'\n" for key in PLANTED) + ":save said.md\n"
    done = call(folder, "shell", *model(player), "--session", "kept", typed=typed)
    assert "[key removed]" in done.stdout, done.stderr
    assert (folder / "said.md").exists() and list((folder / "state").rglob("kept.jsonl"))
    assert_none(folder, done)
    assert not [key for key in PLANTED for request in player.requests if key.encode() in request.raw]


def test_a_probe_keeps_none(player: Player, folder: Path) -> None:
    done = call(folder, "probe", "memory", *model(player), "--policy", "none", "--out", "probe.json")
    assert done.returncode == 0, done.stderr
    assert "[key removed]" in (folder / "probe.json").read_text()
    assert_none(folder, done)


def test_a_check_of_the_model_and_the_doctor_print_none(player: Player, folder: Path) -> None:
    name, url = model(player)[1], model(player)[3]
    check = ("models", "check", name, "--base-url", url)
    commands = (check, (*check, "--json"), ("doctor",), ("doctor", "--json"))
    done = at_once(*(partial(call, folder, *one) for one in commands))
    assert [one.returncode for one in done[:2]] == [0, 0], done[0].stderr
    assert_none(folder, *done)


def test_a_server_that_tells_who_asked_is_not_repeated(folder: Path) -> None:
    with playing(Echoing(Family(OpenAIChat("openai:gpt-4.1"), in_small_pieces), [])) as player:
        check = partial(call, folder, "models", "check", "openai:gpt-4.1", "--base-url", model(player)[3])
        done, shell = at_once(check, partial(call, folder, "shell", *model(player), typed="pwd\n"))
    assert (done.returncode, shell.returncode) == (4, 4)
    assert "key was refused (401)" in done.stderr
    assert_none(folder, done, shell)


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
    done = call(folder, "models", "check", "openai:gpt-4.1", "--base-url", url)
    assert done.returncode in (2, 4) and done.stderr.startswith("gedanken: ") and done.stderr.count("\n") == 1
    assert_none(folder, done)


def test_an_experiment_that_holds_a_key_is_not_run(player: Player, folder: Path) -> None:
    small = experiment(folder, script=[f"echo {IN_VARIABLES['HF_TOKEN']}"])
    done = call(folder, "run", small, *model(player))
    small.unlink()
    assert (done.returncode, player.requests) == (2, [])
    assert_none(folder, done)


@pytest.mark.parametrize(
    "sandbox", [pytest.param(one, marks=getattr(pytest.mark, one)) for one in ("docker", "bubblewrap")] + ["host"]
)
def test_no_sandbox_is_given_one(folder: Path, sandbox: str) -> None:
    arguments = ("--machine", "real", "--sandbox", sandbox, *(["--i-trust-this-code"] if sandbox == "host" else []))
    done = call(folder, "shell", *arguments, typed="cat /proc/self/environ; echo; env; echo seen\n")
    assert "seen" in done.stdout, done.stderr
    assert "plant" not in done.stdout.lower() and "[key removed]" not in done.stdout


def test_what_langsmith_is_sent_is_said_with_how_to_stop_it(player: Player, folder: Path) -> None:
    with playing(Echoing(player.family, [])) as langsmith:
        ask = partial(call, folder, "shell", *model(player), typed="pwd\n", LANGSMITH_ENDPOINT=langsmith.address)
        done, off = at_once(partial(ask, LANGSMITH_TRACING="true"), partial(ask, LANGSMITH_TRACING="false"))
    told = [line for line in done.stderr.splitlines() if "LangSmith is on" in line]
    assert len(told) == 1 and "LANGSMITH_TRACING=false" in told[0]
    assert_none(folder, done)
    assert "LangSmith" not in off.stderr
