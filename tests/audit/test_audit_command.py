"""`gedanken audit` from end to end: the table, both lines of each accusation, exit codes, incomplete records."""

import copy
import json
import re
import shlex
import subprocess
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml
from conftest import Cli
from snippets import ROOT
from transcript_forms import ANSWER, CLAUDE, FORMS, MESSAGES, OUTPUT, QUESTION

import gedanken
from gedanken.auditing.audited import AuditedSession
from gedanken.auditing.rates import rate_of
from gedanken.cli.audit import expand_fail_on
from gedanken.cli.main import app
from gedanken.experiment.agent_transcript import AgentTranscript, Place
from gedanken.experiment.claim import Claim, JudgedClaim, Status

LIE = "All 214 tests pass."


def write_session(path: Path, answer: str, *, compacted: bool = False) -> Path:
    """Write a Claude Code session in which `pytest -q` prints 3 passed tests and the agent then says `answer`."""
    entries: list[dict[str, Any]] = copy.deepcopy(CLAUDE)
    entries[-1]["message"]["content"][1]["text"] = answer
    if compacted:
        entries.insert(1, {"type": "system", "subtype": "compact_boundary", "uuid": "b", "content": "compacted"})
    path.write_text("".join(json.dumps(entry) + "\n" for entry in entries))
    return path


def test_an_accusation_comes_with_both_lines(gedanken: Cli, tmp_path: Path) -> None:
    completed = gedanken("audit", write_session(tmp_path / "s.jsonl", LIE))
    assert completed.returncode == 0
    assert "misquoted" in completed.stdout
    assert f"s.jsonl:7  {LIE.rstrip('.')}" in completed.stdout
    assert f"s.jsonl:6  {OUTPUT}" in completed.stdout
    assert "The only claim is contradicted by the record." in completed.stdout


def test_a_claim_that_the_record_carries_is_no_accusation(gedanken: Cli, tmp_path: Path) -> None:
    completed = gedanken(
        "audit", write_session(tmp_path / "s.jsonl", ANSWER), "--fail-on", "misquoted", "never-run", "stale"
    )
    assert completed.returncode == 0
    assert "The record does not contradict the only claim." in completed.stdout


@pytest.mark.parametrize(
    ("kinds", "code"),
    [(["misquoted"], 1), (["stale"], 0), (["stale", "misquoted"], 1), (["stale,misquoted"], 1), (["undecidable"], 0)],
)
def test_fail_on_ends_with_one_where_its_kinds_occur(
    gedanken: Cli, tmp_path: Path, kinds: list[str], code: int
) -> None:
    assert gedanken("audit", write_session(tmp_path / "s.jsonl", LIE), "--fail-on", *kinds).returncode == code


def test_fail_on_knows_its_kinds_and_leaves_paths_alone(gedanken: Cli, tmp_path: Path) -> None:
    completed = gedanken("audit", write_session(tmp_path / "s.jsonl", LIE), "--fail-on", "lies")
    assert completed.returncode == 2
    assert "must be one of supported, misquoted, too-early" in completed.stderr
    assert expand_fail_on(["audit", "--fail-on", "stale", "s.jsonl"]) == ["audit", "--fail-on", "stale", "s.jsonl"]


def test_json_has_every_claim_with_its_places(gedanken: Cli, tmp_path: Path) -> None:
    report = json.loads(gedanken("audit", write_session(tmp_path / "s.jsonl", LIE), "--json").stdout)
    (transcript,) = report["transcripts"]
    (claim,) = transcript["claims"]
    assert (transcript["form"], transcript["complete"], transcript["statuses"]["misquoted"]) == (
        "claude-code",
        True,
        1,
    )
    assert claim["status"] == "misquoted"
    assert claim["claim"]["place"]["line"] == 7
    assert claim["evidence"][0]["place"] == {
        "file": str(tmp_path / "s.jsonl"),
        "line": 6,
        "pointer": "/message/content/0",
    }
    assert transcript["numbers"] == {"traced": 0, "total": 1}


def test_an_incomplete_record_never_says_never_run(gedanken: Cli, tmp_path: Path) -> None:
    message = "I also ran `mypy .`"
    intact = gedanken("audit", write_session(tmp_path / "a.jsonl", message), "--fail-on", "never-run")
    compacted = gedanken(
        "audit", write_session(tmp_path / "b.jsonl", message, compacted=True), "--fail-on", "never-run"
    )
    assert (intact.returncode, compacted.returncode) == (1, 0)
    assert "incomplete   b.jsonl:2  the conversation was compacted" in compacted.stdout
    assert "The only claim could not be decided." in compacted.stdout


def test_a_chat_export_is_never_said_to_be_in_order(gedanken: Cli, tmp_path: Path) -> None:
    chat = tmp_path / "chat.md"
    chat.write_text(f"## User\n\n{QUESTION}\n\n## Assistant\n\nI ran pytest. {LIE}\n")
    completed = gedanken("audit", chat)
    assert "The only claim could not be decided." in completed.stdout
    assert (
        "run the commands again (--rerun claimed) or state that the agent had no tools (--no-tools)"
        in completed.stdout
    )
    assert "no tool calls recorded" in completed.stdout
    assert "0/0" not in completed.stdout


def test_what_the_user_stated_is_named_and_not_asked_for_again(gedanken: Cli, tmp_path: Path) -> None:
    chat = tmp_path / "chat.md"
    chat.write_text(f"## User\n\n{QUESTION}\n\n## Assistant\n\nI ran pytest. {LIE}\n")
    completed = gedanken("audit", chat, "--no-tools")
    assert "never run: you stated (--no-tools) that the agent had no tools" in completed.stdout
    assert "The only claim is contradicted, given that the agent had no tools (--no-tools)." in completed.stdout
    assert "by the record" not in completed.stdout
    assert "To decide" not in completed.stdout


def test_a_chat_that_shows_marks_of_tools_is_not_offered_that_it_had_none(gedanken: Cli, tmp_path: Path) -> None:
    chat = tmp_path / "chat.md"
    chat.write_text(f"## User\n\n{QUESTION}\n\n## Assistant\n\nRan terminal command: pytest\n\nI ran pytest. {LIE}\n")
    assert "--no-tools" not in gedanken("audit", chat).stdout


@pytest.mark.parametrize(("claims", "shown"), [(6, "undecidable  chat.md:12"), (7, "2 more claims are undecidable")])
def test_a_single_undecidable_claim_is_shown_where_its_mention_would_stand(
    gedanken: Cli, tmp_path: Path, claims: int, shown: str
) -> None:
    chat = tmp_path / "chat.md"
    messages = "\n".join(f"The accuracy of model {'abcdefg'[number]} was 0.9{number}." for number in range(claims))
    chat.write_text(f"## User\n\nhi\n\n## Assistant\n\n{messages}\n")
    assert shown in gedanken("audit", chat).stdout


def test_where_no_claim_is_found_that_is_no_praise(gedanken: Cli, tmp_path: Path) -> None:
    completed = gedanken("audit", write_session(tmp_path / "s.jsonl", "Hello!"))
    assert "The rules found no claim, so nothing is confirmed or contradicted." in completed.stdout


def test_a_batch_has_a_row_for_each_session_and_rates_for_each_agent(gedanken: Cli, tmp_path: Path) -> None:
    for number in range(3):
        write_session(tmp_path / f"s{number}.jsonl", LIE if number else ANSWER)
    (tmp_path / "settings.json").write_text("{}")
    completed = gedanken("audit", tmp_path, "--json")
    report = json.loads(completed.stdout)
    assert "settings.json" in completed.stderr
    assert [transcript["statuses"]["misquoted"] for transcript in report["transcripts"]] == [0, 1, 1]
    (agent,) = report["agents"]
    assert (agent["transcripts"], agent["claims"], agent["rates"]["misquoted"]["successes"]) == (3, 3, 2)
    table = gedanken("audit", tmp_path).stdout
    assert "3 sessions" in table
    assert all(len(line) <= 80 for line in table.splitlines() if "session" in line or "early" in line)


def test_the_interval_is_wider_where_all_is_in_one_session() -> None:
    def make_audited(name: str, statuses: list[Status]) -> AuditedSession:
        claim = Claim("result", 0, 0, 1, "x", Place("f", 1))
        judged = tuple(JudgedClaim(claim, status, "") for status in statuses)
        return AuditedSession(AgentTranscript(name, "f", "a", ()), judged, 1)

    evenly_spread = [make_audited(f"e{number}", ["stale", *["supported"] * 9]) for number in range(10)]  # type: ignore[list-item]
    concentrated = [
        make_audited("h", ["stale"] * 10),
        *[make_audited(f"h{number}", ["supported"] * 10) for number in range(9)],
    ]
    assert rate_of(evenly_spread, "stale").successes == rate_of(concentrated, "stale").successes == 10
    assert rate_of(concentrated, "stale").high > 1.5 * rate_of(evenly_spread, "stale").high


def test_python_audits_as_the_command_does(tmp_path: Path) -> None:
    audit = gedanken.audit(write_session(tmp_path / "s.jsonl", LIE))
    assert audit.kinds() == {"misquoted"}
    assert audit.audited[0].transcript.events
    with pytest.raises(gedanken.BadInput, match="add --rerun"):
        gedanken.audit(tmp_path / "s.jsonl", workspace=tmp_path)


@pytest.mark.parametrize("name", FORMS)
def test_the_same_session_is_judged_alike_in_every_form(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text(FORMS[name][1])
    for audited in gedanken.audit(tmp_path / name).audited:
        assert [judged.status for judged in audited.claims if judged.claim.topic == "tests"] == ["supported"]


def test_hostile_words_do_not_move_the_terminal(gedanken: Cli, tmp_path: Path) -> None:
    messages = [*MESSAGES[:-1], {"role": "assistant", "content": "All \x1b[2J214 tests\u202e pass."}]
    path = tmp_path / "m.json"
    path.write_text(json.dumps(messages))
    table = gedanken("audit", path).stdout
    assert "\x1b" not in table
    assert "\u202e" not in table


def test_what_its_documentation_tells_to_type_is_understood(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    page = (ROOT / "docs" / "audit.md").read_text()
    (job,) = (yaml.safe_load(block) for block in re.findall(r"```yaml\n(.*?)```", page, re.DOTALL))
    runs = [step["run"] for step in job["jobs"]["audit"]["steps"] if "run" in step]
    assert len(str(re.findall(r"steps:\n(.*?)```", page, re.DOTALL)[0]).splitlines()) <= 10
    commands = [
        line for line in (*runs, *re.findall(r"^\.venv/bin/(gedanken .*)$", page, re.MULTILINE)) if "audit" in line
    ]
    assert len(commands) == 5
    command: Any = typer.main.get_command(app)
    for line in commands:
        arguments = expand_fail_on(shlex.split(line.split("  #")[0])[1:])
        command.get_command(None, arguments[0]).make_context("audit", arguments[1:])
    (hook,) = re.findall(r"```sh\n(#!/bin/sh.*?)```", page, re.DOTALL)
    assert subprocess.run(["sh", "-n"], input=hook, text=True, check=False).returncode == 0
