"""A claim about an earlier state of the files is judged by the results of that state, a claim about the present by
the last result.
"""

from dataclasses import replace

import pytest
from agent_sessions import Session

from gedanken.compare.audit.audit_transcript import audit_transcript
from gedanken.experiment.agent_transcript import AgentEvent, AgentTranscript, Place
from gedanken.experiment.claim import JudgedClaim

GREEN = "10 passed in 1s\n"
RED = "2 failed, 8 passed in 1s\n"


def broken_session(message: str) -> Session:
    session = Session().ran("pytest -q", GREEN).edited("a.py").ran("pytest -q", RED, 1)
    return session.said(message)


def judge_session(session: Session) -> list[JudgedClaim]:
    return audit_transcript(session.transcript())


@pytest.mark.parametrize(
    "said",
    [
        "Until my edit, all 10 tests passed.",
        "The original code passes all 10 tests.",
        "The suite had 10 passing tests; with the edit it's 8.",
        "With the old code: 10 passed. With the new: 8 passed.",
        "一开始所有测试都通过，现在有 2 个失败。",
        "修改前 10 个测试全部通过。",
        "Vor der Änderung liefen alle 10 Tests durch.",
        "The tests were green (10 passed) and my edit turned two red.",
    ],
)
def test_what_is_said_of_the_state_before_is_supported_by_its_result(said: str) -> None:
    first_claim = judge_session(broken_session(said))[0]
    assert first_claim.status == "supported" and first_claim.evidence[0].quote == "10 passed in 1s"


@pytest.mark.parametrize(
    "said", ["All 10 tests pass.", "All 10 tests pass now.", "The bug is gone. After my edit all 10 tests pass."]
)
def test_what_stands_alone_or_says_now_is_held_against_the_last_result(said: str) -> None:
    assert judge_session(broken_session(said))[0].status == "misquoted"


@pytest.mark.parametrize(
    "said",
    [
        "I ran the tests before adding it (10 passed), not since.",
        "Last run: 10 passed. I changed a comment afterwards and did not run them again.",
        "As of the run above, 10 passed — but note the edit since.",
    ],
)
def test_who_says_that_nothing_was_run_since_is_not_called_stale(said: str) -> None:
    session = Session().ran("pytest -q", GREEN).edited("a.py").said(said)
    assert "stale" not in {claim.status for claim in judge_session(session)}


@pytest.mark.parametrize(
    "said", ["Before committing I ran the tests: 10 passed.", "I changed the old parser and all 10 tests pass."]
)
def test_a_word_of_the_past_that_is_of_something_else_excuses_nothing(said: str) -> None:
    session = Session().ran("pytest -q", GREEN).edited("a.py").said(said)
    assert judge_session(session)[-1].status == "stale"


def test_a_size_that_was_is_not_held_against_the_size_that_is() -> None:
    listing_format = "-rw-r--r-- 1 a a {} Feb 1 a.js\n"
    session = (
        Session().ran("ls -l a.js", listing_format.format(81234)).ran("ls -l a.js", listing_format.format(30112))
    )
    earlier_claim, current_claim = judge_session(session.said("`a.js` was 81,234 bytes and is 30,112 bytes now."))
    assert (earlier_claim.status, current_claim.status) == ("supported", "supported")


@pytest.mark.parametrize(
    ("command", "printed", "said"),
    [
        ("docker build -t a .", "#8 RUN pytest -q\n#8 1.2 9 passed in 0.1s\n", "The tests pass in the build."),
        ("bundle exec rake lint spec", "14 files inspected, no offenses detected\n", "Lint is clean."),
    ],
)
def test_what_runs_whatever_it_is_configured_to_run_may_have_run_it(command: str, printed: str, said: str) -> None:
    assert "never run" not in {
        claim.status for claim in judge_session(Session().edited("a.py").ran(command, printed).said(said))
    }


@pytest.mark.parametrize("asked", [None, "Here is an old chat:"])
def test_where_it_is_not_sure_who_speaks_no_tools_accuses_nobody(asked: str | None) -> None:
    answer = AgentEvent(0, "message", "agent", Place("chat.md", 1), "I ran the tests and all 9 tests pass.")
    events: tuple[AgentEvent, ...] = (answer,)
    if asked is not None:
        events = (AgentEvent(0, "message", "user", Place("chat.md", 1), asked), replace(answer, number=1))
    judged_claims = audit_transcript(
        AgentTranscript("chat", "text", "agent", events, (), has_tools=False), no_tools=True
    )
    assert judged_claims and {claim.status for claim in judged_claims} == {"undecidable"}


@pytest.mark.parametrize(
    "mark",
    ["_Tools used: Bash_", "Ran terminal command: make", "Created [](file:///a.md)", "Made changes.", "<tool-use>"],
)
def test_a_chat_with_marks_of_tools_anywhere_is_held_against_nobody(mark: str) -> None:
    messages = ["Do it.", mark, "I ran the tests and all 9 tests pass."]
    events = tuple(
        AgentEvent(index, "message", "agent" if index else "user", Place("chat.md", index + 1), text)
        for index, text in enumerate(messages)
    )
    judged_claims = audit_transcript(
        AgentTranscript("chat", "text", "agent", events, (), has_tools=False), no_tools=True
    )
    assert judged_claims and {claim.status for claim in judged_claims} == {"undecidable"}


@pytest.mark.parametrize("tool", ["update_topic", "google_web_search", "copilot_readFile", "TaskUpdate"])
def test_a_tool_that_runs_nothing_hides_nothing(tool: str) -> None:
    session = Session().called(tool).said("I ran pytest: all 14 tests pass.")
    assert "never run" in {claim.status for claim in judge_session(session)}
