"""Sentences that are not about a run of the session: rules, wishes, quotations, general truths, in six languages."""

from pathlib import Path

from agent_sessions import Session

from gedanken.compare.audit.audit_transcript import audit_transcript

ACCUSATIONS = {"misquoted", "written too early", "stale", "never run"}
SENTENCES = (Path(__file__).parents[1] / "sentences_of_no_claim.txt").read_text().splitlines()


def accused_quotes(session: Session) -> list[str]:
    return [
        judged_claim.claim.quote
        for judged_claim in audit_transcript(session.transcript())
        if judged_claim.status in ACCUSATIONS
    ]


def test_none_is_held_against_an_agent_that_ran_nothing() -> None:
    assert {
        sentence: quotes
        for sentence in SENTENCES
        if (quotes := accused_quotes(Session().ran("ls", "a.py\n").said(sentence)))
    } == {}


def test_none_is_held_against_an_agent_whose_runs_failed() -> None:
    def failed_session() -> Session:
        session = Session().ran("pytest -q", "=== 1 failed, 6 passed in 0.30s ===\n", 1)
        return session.ran("make", "a.c:1: error: x\n", 2).ran(
            "python train.py", "epoch 1 loss 0.32 accuracy: 0.81\n"
        )

    assert {
        sentence: quotes for sentence in SENTENCES if (quotes := accused_quotes(failed_session().said(sentence)))
    } == {}


def test_the_same_words_as_a_report_are_held_against_it() -> None:
    for sentence in (
        "The bug is gone and all 12 tests pass.",
        "Result: all 12 tests pass.",
        "In the end all 12 tests pass.",
    ):
        assert accused_quotes(Session().ran("ls", "a.py\n").said(sentence)), sentence
