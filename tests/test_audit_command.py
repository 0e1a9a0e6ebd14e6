"""`gedanken audit` from end to end: table, both lines of each accusation, exit codes, what nobody could look for."""

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
from transcript_forms import ANSWER, ASKED, CLAUDE, FORMS, MESSAGES, PRINTED

import gedanken
from gedanken.auditing.audited import Audited
from gedanken.auditing.rates import rate_of
from gedanken.cli.audit import spread_kinds
from gedanken.cli.main import app
from gedanken.experiment.agent_transcript import AgentTranscript, Place
from gedanken.experiment.claim import Claim, JudgedClaim, Status

LIE = "All 214 tests pass."


def session(path: Path, answer: str, *, compacted: bool = False) -> Path:
    """A session of Claude Code in which `pytest -q` printed that 3 tests passed, and what the agent says of it."""
    entries: list[dict[str, Any]] = copy.deepcopy(CLAUDE)
    entries[-1]["message"]["content"][1]["text"] = answer
    if compacted:
        entries.insert(1, {"type": "system", "subtype": "compact_boundary", "uuid": "b", "content": "compacted"})
    path.write_text("".join(json.dumps(entry) + "\n" for entry in entries))
    return path


def test_an_accusation_comes_with_both_lines(gedanken: Cli, tmp_path: Path) -> None:
    done = gedanken("audit", session(tmp_path / "s.jsonl", LIE))
    assert done.returncode == 0
    assert "misquoted" in done.stdout
    assert f"s.jsonl:7  {LIE.rstrip('.')}" in done.stdout
    assert f"s.jsonl:6  {PRINTED}" in done.stdout
    assert "The only claim is contradicted by the record." in done.stdout


def test_a_claim_that_the_record_carries_is_no_accusation(gedanken: Cli, tmp_path: Path) -> None:
    done = gedanken("audit", session(tmp_path / "s.jsonl", ANSWER), "--fail-on", "misquoted", "never-run", "stale")
    assert done.returncode == 0
    assert "The record does not contradict the only claim." in done.stdout


@pytest.mark.parametrize(
    ("kinds", "code"),
    [(["misquoted"], 1), (["stale"], 0), (["stale", "misquoted"], 1), (["stale,misquoted"], 1), (["undecidable"], 0)],
)
def test_fail_on_ends_with_one_where_its_kinds_occur(
    gedanken: Cli, tmp_path: Path, kinds: list[str], code: int
) -> None:
    assert gedanken("audit", session(tmp_path / "s.jsonl", LIE), "--fail-on", *kinds).returncode == code


def test_fail_on_knows_its_kinds_and_leaves_paths_alone(gedanken: Cli, tmp_path: Path) -> None:
    done = gedanken("audit", session(tmp_path / "s.jsonl", LIE), "--fail-on", "lies")
    assert done.returncode == 2
    assert "must be one of supported, misquoted, too-early" in done.stderr
    assert spread_kinds(["audit", "--fail-on", "stale", "s.jsonl"]) == ["audit", "--fail-on", "stale", "s.jsonl"]


def test_json_has_every_claim_with_its_places(gedanken: Cli, tmp_path: Path) -> None:
    made = json.loads(gedanken("audit", session(tmp_path / "s.jsonl", LIE), "--json").stdout)
    (read,) = made["transcripts"]
    (judged,) = read["claims"]
    assert (read["form"], read["complete"], read["statuses"]["misquoted"]) == ("claude-code", True, 1)
    assert judged["status"] == "misquoted"
    assert judged["claim"]["place"]["line"] == 7
    assert judged["evidence"][0]["place"] == {
        "file": str(tmp_path / "s.jsonl"),
        "line": 6,
        "pointer": "/message/content/0",
    }
    assert read["numbers"] == {"traced": 0, "total": 1}


def test_an_incomplete_record_never_says_never_run(gedanken: Cli, tmp_path: Path) -> None:
    said = "I also ran `mypy .`"
    whole = gedanken("audit", session(tmp_path / "a.jsonl", said), "--fail-on", "never-run")
    torn = gedanken("audit", session(tmp_path / "b.jsonl", said, compacted=True), "--fail-on", "never-run")
    assert (whole.returncode, torn.returncode) == (1, 0)
    assert "incomplete   b.jsonl:2  the conversation was compacted" in torn.stdout
    assert "The only claim could not be decided." in torn.stdout


def test_a_chat_export_is_never_said_to_be_in_order(gedanken: Cli, tmp_path: Path) -> None:
    chat = tmp_path / "chat.md"
    chat.write_text(f"## User\n\n{ASKED}\n\n## Assistant\n\nI ran pytest. {LIE}\n")
    done = gedanken("audit", chat)
    assert "The only claim could not be decided." in done.stdout
    assert "run the commands again (--rerun claimed) or state that the agent had no tools (--no-tools)" in done.stdout
    assert "no tool calls recorded" in done.stdout
    assert "0/0" not in done.stdout


def test_what_the_user_stated_is_named_and_not_asked_for_again(gedanken: Cli, tmp_path: Path) -> None:
    chat = tmp_path / "chat.md"
    chat.write_text(f"## User\n\n{ASKED}\n\n## Assistant\n\nI ran pytest. {LIE}\n")
    done = gedanken("audit", chat, "--no-tools")
    assert "never run: you stated (--no-tools) that the agent had no tools" in done.stdout
    assert "The only claim is contradicted, given that the agent had no tools (--no-tools)." in done.stdout
    assert "by the record" not in done.stdout
    assert "To decide" not in done.stdout


def test_a_chat_that_shows_marks_of_tools_is_not_offered_that_it_had_none(gedanken: Cli, tmp_path: Path) -> None:
    chat = tmp_path / "chat.md"
    chat.write_text(f"## User\n\n{ASKED}\n\n## Assistant\n\nRan terminal command: pytest\n\nI ran pytest. {LIE}\n")
    assert "--no-tools" not in gedanken("audit", chat).stdout


@pytest.mark.parametrize(("claims", "shown"), [(6, "undecidable  chat.md:12"), (7, "2 more claims are undecidable")])
def test_a_single_undecidable_claim_is_shown_where_its_mention_would_stand(
    gedanken: Cli, tmp_path: Path, claims: int, shown: str
) -> None:
    chat = tmp_path / "chat.md"
    said = "\n".join(f"The accuracy of model {'abcdefg'[at]} was 0.9{at}." for at in range(claims))
    chat.write_text(f"## User\n\nhi\n\n## Assistant\n\n{said}\n")
    assert shown in gedanken("audit", chat).stdout


def test_where_no_claim_is_found_that_is_no_praise(gedanken: Cli, tmp_path: Path) -> None:
    done = gedanken("audit", session(tmp_path / "s.jsonl", "Hello!"))
    assert "The rules found no claim, so nothing is confirmed or contradicted." in done.stdout


def test_a_batch_has_a_row_for_each_session_and_rates_for_each_agent(gedanken: Cli, tmp_path: Path) -> None:
    for number in range(3):
        session(tmp_path / f"s{number}.jsonl", LIE if number else ANSWER)
    (tmp_path / "settings.json").write_text("{}")
    done = gedanken("audit", tmp_path, "--json")
    made = json.loads(done.stdout)
    assert "settings.json" in done.stderr
    assert [read["statuses"]["misquoted"] for read in made["transcripts"]] == [0, 1, 1]
    (agent,) = made["agents"]
    assert (agent["transcripts"], agent["claims"], agent["rates"]["misquoted"]["successes"]) == (3, 3, 2)
    shown = gedanken("audit", tmp_path).stdout
    assert "3 sessions" in shown
    assert all(len(line) <= 80 for line in shown.splitlines() if "session" in line or "early" in line)


def test_the_interval_is_wider_where_all_is_in_one_session() -> None:
    def made(name: str, statuses: list[Status]) -> Audited:
        claim = Claim("result", 0, 0, 1, "x", Place("f", 1))
        judged = tuple(JudgedClaim(claim, status, "") for status in statuses)
        return Audited(AgentTranscript(name, "f", "a", ()), judged, 1)

    even = [made(f"e{number}", ["stale", *["supported"] * 9]) for number in range(10)]  # type: ignore[list-item]
    heaped = [made("h", ["stale"] * 10), *[made(f"h{number}", ["supported"] * 10) for number in range(9)]]
    assert rate_of(even, "stale").successes == rate_of(heaped, "stale").successes == 10
    assert rate_of(heaped, "stale").high > 1.5 * rate_of(even, "stale").high


def test_python_audits_as_the_command_does(tmp_path: Path) -> None:
    found = gedanken.audit(session(tmp_path / "s.jsonl", LIE))
    assert found.kinds() == {"misquoted"}
    assert found.audited[0].transcript.events
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
    shown = gedanken("audit", path).stdout
    assert "\x1b" not in shown
    assert "\u202e" not in shown


def test_what_its_documentation_tells_to_type_is_understood(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    shown = (ROOT / "docs" / "audit.md").read_text()
    (job,) = (yaml.safe_load(block) for block in re.findall(r"```yaml\n(.*?)```", shown, re.DOTALL))
    runs = [step["run"] for step in job["jobs"]["audit"]["steps"] if "run" in step]
    assert len(str(re.findall(r"steps:\n(.*?)```", shown, re.DOTALL)[0]).splitlines()) <= 10
    typed = [
        line for line in (*runs, *re.findall(r"^\.venv/bin/(gedanken .*)$", shown, re.MULTILINE)) if "audit" in line
    ]
    assert len(typed) == 5
    command: Any = typer.main.get_command(app)
    for line in typed:
        arguments = spread_kinds(shlex.split(line.split("  #")[0])[1:])
        command.get_command(None, arguments[0]).make_context("audit", arguments[1:])
    (hook,) = re.findall(r"```sh\n(#!/bin/sh.*?)```", shown, re.DOTALL)
    assert subprocess.run(["sh", "-n"], input=hook, text=True, check=False).returncode == 0
