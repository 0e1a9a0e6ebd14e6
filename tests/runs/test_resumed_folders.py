"""A run folder that is resumed may be hostile. Nothing in it is obeyed, and no file outside it is touched."""

import asyncio
import json
import os
import shlex
import threading
from pathlib import Path
from shutil import copytree
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from urllib3.util import parse_url

from gedanken.agents.scripted import read_rules
from gedanken.experiment.errors import AwaitsApproval, BadInput, BudgetSpent, Interrupted
from gedanken.records.ledger import Kind, Ledger
from gedanken.records.read_run import read_run
from gedanken.records.run_lock import is_in_use
from gedanken.records.run_store import open_store
from gedanken.resuming import ResumeOptions, approve, extend, is_loopback_url, replay, resume, spec_to_resume
from gedanken.terminal.screen import Screen

pytestmark = pytest.mark.bubblewrap


def test_no_key_goes_to_an_address_that_a_folder_names_and_nothing_runs_unisolated_because_it_says_so(
    done: Path,
) -> None:
    spec = json.loads((done / "spec.json").read_text())
    log = done / "log.jsonl"  # without its end, as there is nothing to resume of a finished run
    log.write_text("".join(line for line in log.read_text().splitlines(True) if '"kind": "ended"' not in line))
    for changes, problem in (
        ({"model": {"name": "openai:any", "base_url": "https://elsewhere.example/v1"}}, "--base-url"),
        ({"model": {"name": "openai:any", "base_url": r"http://127.0.0.3:9\@localhost/v1"}}, "--base-url"),
        ({"sandbox": {"name": "host", "trusted": True}}, "--i-trust-this-code"),
    ):
        (done / "spec.json").write_text(json.dumps(spec | changes))
        for call in (resume(done, Screen(), ResumeOptions()), extend(done, 9, None, Screen(), ResumeOptions())):
            with pytest.raises(BadInput, match=problem):
                asyncio.run(call)


def test_no_key_goes_to_an_address_of_this_machine_that_another_user_s_folder_names(
    done: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec, local_address = json.loads((done / "spec.json").read_text()), "http://127.0.0.1:9/v1"
    (done / "spec.json").write_text(json.dumps(spec | {"model": {"name": "openai:any", "base_url": local_address}}))
    assert spec_to_resume(done, ResumeOptions()).model.base_url == local_address
    other_user = os.geteuid() + 1
    monkeypatch.setattr(os, "geteuid", lambda: other_user)
    with pytest.raises(BadInput, match="--base-url"):
        spec_to_resume(done, ResumeOptions())
    assert spec_to_resume(done, ResumeOptions(base_url=local_address)).model.base_url == local_address


def test_a_log_that_no_memory_holds_is_refused(done: Path) -> None:
    (done / "report.html").unlink()
    os.truncate(done / "log.jsonl", 1 << 40)
    with pytest.raises(BadInput, match=r"log\.jsonl: larger than"):
        asyncio.run(resume(done, Screen(), ResumeOptions()))


def test_nothing_is_written_through_a_link_that_somebody_planted(done: Path, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    for name in ("outputs", "ledger/scores"):
        (done / name).rename(done / f"{name}.away")
        (done / name).symlink_to(tmp_path / "mine")
        with pytest.raises(BadInput, match="symbolic links"):
            asyncio.run(extend(done, 9, None, Screen(), ResumeOptions()))
        (done / name).unlink()
    assert list((tmp_path / "mine").iterdir()) == []


def test_nothing_else_is_paid_for_before_what_was_paid_for_is_on_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger, flush, may_go, flushed = Ledger(tmp_path), os.fsync, threading.Event(), []

    def slow_flush(descriptor: int) -> None:
        may_go.wait()
        flush(descriptor)
        flushed.append(descriptor)

    monkeypatch.setattr(os, "fsync", slow_flush)
    for key in ("one", "other"):
        ledger.put("replies", key, {"text": key})
        assert ledger.get("replies", key) == {"text": key}
    flushing_thread = threading.Thread(target=ledger.flush)
    flushing_thread.start()
    assert flushing_thread.is_alive() and not flushed
    may_go.set()
    flushing_thread.join()
    assert len(flushed) == 2


def test_no_pipe_in_a_folder_is_waited_for(done: Path) -> None:
    log_before = (done / "log.jsonl").read_bytes()
    for name in ("ledger/replies/00.new", "log.jsonl"):
        (done / name).unlink(missing_ok=True)
        os.mkfifo(done / name)
        with pytest.raises(BadInput):
            asyncio.run(extend(done, 9, None, Screen(), ResumeOptions()))
        assert not is_in_use(done)
        (done / name).unlink()
        (done / "log.jsonl").write_bytes(log_before)


def test_a_ledger_that_holds_something_else_is_refused_in_one_line(done: Path, tmp_path: Path) -> None:
    ledger = Ledger(done)
    entries: list[tuple[Kind, str]] = [("about", "model"), ("about", "environment")]
    kinds: tuple[Kind, ...] = ("replies", "executions")
    entries += [(kind, next((done / "ledger" / kind).glob("*.json")).stem) for kind in kinds]
    wrong_contents: tuple[dict[str, Any], ...] = ({}, {"reply": [], "learned": {}}, {"no_reply": 1}, {"lines": "x"})
    for kind, key in entries:
        entry = ledger.get(kind, key)
        assert entry is not None
        for content in wrong_contents:
            ledger.put(kind, key, content)
            with pytest.raises(BadInput, match="ledger"):
                asyncio.run(replay(done, Screen(), tmp_path / "again"))
        ledger.put(kind, key, entry)


def test_a_fork_that_was_killed_while_it_was_made_is_not_gone_on_with(done: Path, tmp_path: Path) -> None:
    spec = read_run(done).spec
    assert spec is not None
    (tmp_path / "fork").mkdir()
    with open_store(tmp_path / "fork", spec.model_copy(update={"parent": "run at line 3"})):
        pass
    with pytest.raises(BadInput, match="fork again"):
        asyncio.run(resume(tmp_path / "fork", Screen(), ResumeOptions()))


def test_a_log_that_two_folders_share_is_not_written_to(done: Path, tmp_path: Path) -> None:
    copytree(done, tmp_path / "copy", copy_function=os.link)
    log_before = (done / "log.jsonl").read_bytes()
    with pytest.raises(BadInput, match="hard link"):
        asyncio.run(extend(tmp_path / "copy", 9, None, Screen(), ResumeOptions()))
    assert (done / "log.jsonl").read_bytes() == log_before


def test_an_entry_of_which_not_all_came_to_the_disk_is_none(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path)
    ledger.put("replies", "key", {"text": "whole"})
    assert ledger.get("replies", "key") == {"text": "whole"}
    path = tmp_path / "ledger" / "replies" / "key.json"
    content = path.read_bytes()
    for damaged in (content[:-1], content[: len(content) // 2], b"", content.replace(b"whole", b"wrong")):
        path.write_bytes(damaged)
        assert ledger.get("replies", "key") is None


@pytest.mark.parametrize(
    "after", ["\\@evil.example", "\t.evil.example", "@evil.example", "%2f.evil.example", "\n", " "]
)
def test_an_address_that_clients_could_read_differently_is_not_here(after: str) -> None:
    assert not is_loopback_url(f"http://127.0.0.1{after}")
    assert not is_loopback_url(f"http://evil.example{after}127.0.0.1/v1")


@pytest.mark.parametrize("address", ["http://127.0.0.1:80/v1", "HTTPS://LOCALHOST", "http://[::1]:1?api-version=2"])
def test_every_client_finds_this_machine_in_an_address_that_is_here(address: str) -> None:
    assert is_loopback_url(address)
    for host in (urlsplit(address).hostname, parse_url(address).host, httpx.URL(address).host):
        assert (host or "").strip("[]").lower() in ("127.0.0.1", "localhost", "::1")


def test_a_folder_that_asks_for_more_runs_than_any_memory_plans_is_refused_at_once(
    done: Path, tmp_path: Path
) -> None:
    spec = json.loads((done / "spec.json").read_text())
    for name in ("real", "imagined"):
        (done / "spec.json").write_text(json.dumps(spec | {name: 2 * 10**9}))
        for call in (extend(done, None, None, Screen(), ResumeOptions()), replay(done, Screen(), tmp_path / "again")):
            with pytest.raises(BadInput, match=f"{name}: Input should be less than or equal to"):
                asyncio.run(call)


def test_replies_are_read_from_a_regular_file_only(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "large").touch()
    os.truncate(tmp_path / "large", 1 << 40)
    for path, problem in ((tmp_path / "pipe", "not a"), (Path("/dev/zero"), "not a"), (tmp_path / "large", "larger")):
        with pytest.raises(BadInput, match=problem):
            read_rules(path)


@pytest.mark.parametrize("name", ["my run 3", "it's", "-rf", "$HOME", "a;b", "plain"])
def test_a_command_that_is_suggested_can_be_typed_as_it_stands(done: Path, tmp_path: Path, name: str) -> None:
    done.rename(tmp_path / name)
    folder = Path(name)  # as somebody in its parent folder names it
    with pytest.raises(BadInput) as error:
        asyncio.run(approve(folder, None, Screen(), ResumeOptions()))
    for message in (error.value, Interrupted(folder), AwaitsApproval("train-v1", folder), BudgetSpent("usd", folder)):
        words = shlex.split(str(message).rpartition("gedanken ")[2])
        assert words[0] in ("resume", "approve") and not words[1].startswith("-")
        assert Path(words[1]) == folder


def test_nobody_is_told_to_go_on_with_a_replay_that_ended_early(
    done: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async def cancel_replay() -> None:
        task = asyncio.create_task(replay(done, Screen(), tmp_path / "again"))
        while not (tmp_path / "again" / "checkpoint.sqlite").exists():
            await asyncio.sleep(0.001)
        task.cancel()
        await task

    with pytest.raises(Interrupted) as interruption:
        asyncio.run(cancel_replay())
    next((done / "ledger" / "executions").glob("*.json")).unlink()
    with pytest.raises(BadInput) as error:
        asyncio.run(replay(done, Screen(), tmp_path / "other"))
    assert "resume" not in f"{interruption.value} {error.value} {capsys.readouterr().err}"
