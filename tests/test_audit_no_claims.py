"""Sentences that report no run of the session: rules, wishes, words of others, general truths, in six languages."""

from pathlib import Path

from agent_sessions import Session

from gedanken.compare.audit.audit_transcript import audit_transcript

ACCUSATIONS = {"misquoted", "written too early", "stale", "never run"}
SENTENCES = (Path(__file__).parent / "sentences_of_no_claim.txt").read_text().splitlines()


def accused(session: Session) -> list[str]:
    return [one.claim.quote for one in audit_transcript(session.transcript()) if one.status in ACCUSATIONS]


def test_none_is_held_against_an_agent_that_ran_nothing() -> None:
    assert {said: found for said in SENTENCES if (found := accused(Session().ran("ls", "a.py\n").said(said)))} == {}


def test_none_is_held_against_an_agent_whose_runs_failed() -> None:
    def failed() -> Session:
        session = Session().ran("pytest -q", "=== 1 failed, 6 passed in 0.30s ===\n", 1)
        return session.ran("make", "a.c:1: error: x\n", 2).ran(
            "python train.py", "epoch 1 loss 0.32 accuracy: 0.81\n"
        )

    assert {said: found for said in SENTENCES if (found := accused(failed().said(said)))} == {}


def test_the_same_words_as_a_report_are_held_against_it() -> None:
    for said in (
        "The bug is gone and all 12 tests pass.",
        "Result: all 12 tests pass.",
        "In the end all 12 tests pass.",
    ):
        assert accused(Session().ran("ls", "a.py\n").said(said)), said
