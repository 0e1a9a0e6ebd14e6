"""If a file may have been changed back to an earlier state, no result from that state is called stale."""

import pytest
from agent_sessions import Session

from gedanken.compare.audit.audit_transcript import audit_transcript

PASSED = "31 passed in 0.90s\n"
SAID = "All 31 tests pass."


def status(session: Session) -> str:
    return audit_transcript(session.said(SAID).transcript())[-1].status


@pytest.mark.parametrize(
    ("there", "back"),
    [
        ("sed -i 's/LIMIT = 5/LIMIT = 9/' app/limits.py", "sed -i 's/LIMIT = 9/LIMIT = 5/' app/limits.py"),
        ("sed -i 's|^raise Full|# raise Full|' app/limits.py", "sed -i 's|^# raise Full|raise Full|' app/limits.py"),
        ("sed -i '14s/<=/</' ./app/limits.py", "sed -i '14s/</<=/' app/limits.py"),
        (
            "sed -i 's/^if n > 0:/# if n > 0:/' app/limits.py",
            "sed -i 's/^# if n > 0:/if n > 0:/' app/limits.py && ls",
        ),
        ("perl -pi -e 's/True/False/' app/limits.py", "perl -pi -e 's/False/True/' app/limits.py"),
        ("sed -i '7d' app/limits.py", "sed -i '7i\\    check(n)' app/limits.py"),
        ("mv app/limits.py app/limits_off.py", "mv app/limits_off.py app/limits.py"),
        ("git mv app/limits.py old.py", "git mv old.py app/limits.py"),
        ("cp app/limits.py kept.py && sed -i 's/1/2/' app/limits.py", "cp kept.py app/limits.py"),
    ],
)
def test_a_command_that_turns_an_earlier_one_round_leaves_it_open(there: str, back: str) -> None:
    session = Session().ran("cat app/limits.py", "LIMIT = 5\n").ran("pytest -q", PASSED)
    assert status(session.ran(there, "").ran(back, "")) == "undecidable"


@pytest.mark.parametrize(
    "commands",
    [
        ["sed -i 's/LIMIT = 5/LIMIT = 9/' app/limits.py"],
        ["sed -i 's/LIMIT = 5/LIMIT = 9/' app/limits.py", "sed -i 's/LIMIT = 9/LIMIT = 7/' app/limits.py"],
        ["sed -i 's/LIMIT = 5/LIMIT = 9/' app/limits.py", "sed -i 's/LIMIT = 9/LIMIT = 5/' app/other.py"],
        ["sed -i 's/a/b/' app/limits.py", "sed -i 's/c/d/' app/limits.py"],
    ],
)
def test_a_command_that_only_goes_on_makes_it_stale(commands: list[str]) -> None:
    session = Session().ran("cat app/limits.py", "LIMIT = 5\n").ran("pytest -q", PASSED)
    for command in commands:
        session = session.ran(command, "")
    assert status(session) == "stale"


def test_the_text_that_a_file_had_before_may_be_written_again() -> None:
    before, changed = "LIMIT = 5\nSTEP = 1\n", "LIMIT = 50\nSTEP = 1\n"
    session = Session().edited("app/limits.py", None, before).ran("pytest -q", PASSED)
    session = session.edited("app/limits.py", None, changed)
    assert status(session.edited("app/limits.py", None, before)) == "undecidable"

    session = Session().ran("cat app/limits.py", before).ran("pytest -q", PASSED)
    session = session.ran(f"cat > app/limits.py <<'EOF'\n{changed}EOF", "")
    assert status(session.ran(f"cat > app/limits.py <<'EOF'\n{before}EOF", "")) == "undecidable"


def test_a_text_that_a_file_never_had_makes_it_stale() -> None:
    session = Session().edited("app/limits.py", None, "LIMIT = 5\n").ran("pytest -q", PASSED)
    assert status(session.edited("app/limits.py", None, "LIMIT = 6\n")) == "stale"
