"""After a command that may have undone a change, it is undecidable whether an earlier result is valid again."""

import pytest
from agent_sessions import Session

from gedanken.compare.audit.audit_transcript import audit_transcript

PASSED = "27 passed in 1.40s\n"
SAID = "All 27 tests pass."


def status(session: Session) -> str:
    return audit_transcript(session.transcript())[-1].status


def changed_session() -> Session:
    return Session().ran("pytest -q", PASSED).edited("lib/core.py")


@pytest.mark.parametrize(
    "command",
    [
        "git restore lib/core.py",
        "git checkout -- lib",
        "git checkout .",
        "git checkout lib/core.py",
        "git checkout release/2.1",
        "git -C . stash",
        "cd lib && git reset -q --hard HEAD",
        "git revert --no-edit HEAD",
        "git apply -R ../attempt.diff",
        "patch -R -p0 < attempt.diff",
        "cp /tmp/core.py lib/core.py",
        "mv lib/core.py.orig lib/core.py",
        "cp backup/core.py lib/",
        "hg revert lib/core.py",
        "jj undo",
    ],
)
def test_tests_before_a_change_that_may_be_undone_are_not_stale(command: str) -> None:
    assert status(changed_session().ran(command, "").said(SAID)) == "undecidable"


@pytest.mark.parametrize(
    "command",
    [
        "git restore lib/other.py",
        "git checkout -- docs",
        "git restore --staged lib/core.py",
        "git stash list",
        "git checkout -b attempt",
        "git diff lib/core.py",
        "cp lib/core.py /tmp/core.py",
        "cp lib/core.py lib/core.py.bak",
    ],
)
def test_tests_before_a_change_that_stays_are_stale(command: str) -> None:
    assert status(changed_session().ran(command, "").said(SAID)) == "stale"


def test_a_change_stays_undone_if_only_a_later_stash_comes_back() -> None:
    session = changed_session().ran("git stash", "")
    session.edited("notes.md", "old", "new").ran("git stash", "").ran("git stash pop", "")
    assert status(session.said("All 27 tests pass.")) == "undecidable"


def test_a_change_that_comes_back_from_the_stash_or_after_the_undoing_stays() -> None:
    stash_session = changed_session().ran("git stash", "").ran("git stash pop", "")
    assert status(stash_session.said("All 27 tests pass.")) == "stale"
    edited_again = changed_session().ran("git checkout -- lib/core.py", "").edited("lib/core.py", "a = 1", "a = 3")
    assert status(edited_again.said(SAID)) == "stale"


def test_a_file_that_is_only_overwritten_is_changed() -> None:
    session = Session().edited("lib/core.py").ran("pytest -q", PASSED).ran("cp /tmp/core.py lib/core.py", "")
    assert status(session.said(SAID)) == "stale"
