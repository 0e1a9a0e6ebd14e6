"""A check of one part of a project is not made stale by a change of another part."""

import pytest
from agent_sessions import Session

from gedanken.compare.audit.audit_transcript import audit_transcript

BUILT = "    Finished `dev` profile [unoptimized + debuginfo] target(s) in 0.70s\n"
SOUND = "All checks passed!\n"


def status(command: str, printed: str, path: str, message: str) -> str:
    session = Session().ran(command, printed).edited(path).said(message)
    return audit_transcript(session.transcript())[-1].status


@pytest.mark.parametrize(
    ("command", "printed", "path", "said"),
    [
        ("cargo build -p parser", BUILT, "crates/shell/src/lib.rs", "The build of parser succeeds."),
        ("cargo build --package=parser", BUILT, "crates/shell/src/lib.rs", "The build of parser succeeds."),
        ("cd crates/parser && cargo build", BUILT, "crates/shell/src/lib.rs", "The build of parser succeeds."),
        ("go build ./parser/...", "", "shell/main.go", "The build of parser succeeds."),
        ("ruff check tools/parser", SOUND, "tools/shell/main.py", "ruff is happy with the parser."),
    ],
)
def test_a_change_outside_the_part_that_was_checked_is_no_proof(
    command: str, printed: str, path: str, said: str
) -> None:
    assert status(command, printed, path, said) == "undecidable"


@pytest.mark.parametrize(
    ("command", "printed", "path", "said"),
    [
        ("cargo build -p parser", BUILT, "crates/parser/src/lib.rs", "The build succeeds."),
        ("cargo build", BUILT, "crates/parser/src/lib.rs", "The build succeeds."),
        ("go build ./...", "", "parser/main.go", "The build succeeds."),
        ("cd /srv/app && cargo build", BUILT, "crates/parser/src/lib.rs", "The build succeeds."),
        ("cd /srv/app && cargo build", BUILT, "/srv/app/src/lib.rs", "The build succeeds."),
        ("ruff check tools", SOUND, "tools/parser/main.py", "ruff is happy."),
        ("ruff check .", SOUND, "tools/parser/main.py", "ruff is happy."),
    ],
)
def test_a_change_inside_what_was_checked_makes_it_stale(command: str, printed: str, path: str, said: str) -> None:
    assert status(command, printed, path, said) == "stale"


UNIT = "16 passed in 0.40s\n"


@pytest.mark.parametrize(
    ("command", "printed", "path", "said", "expected"),
    [
        ("cargo build", BUILT, "tests/flow.rs", "The library builds.", "undecidable"),
        ("cargo build", BUILT, "benches/speed.rs", "The library builds.", "undecidable"),
        ("pytest tests/unit -q", UNIT, "tests/slow/helpers.py", "All 16 unit tests pass.", "undecidable"),
        ("pytest tests/unit -q", UNIT, "tests/unit/helpers.py", "All 16 unit tests pass.", "stale"),
        ("pytest tests/unit -q", UNIT, "tests/conftest.py", "All 16 unit tests pass.", "stale"),
        ("pytest tests/unit -q", UNIT, "tests/slow/conftest.py", "All 16 unit tests pass.", "supported"),
        ("pytest -q", UNIT, "tests/slow/helpers.py", "All 16 tests pass.", "stale"),
    ],
)
def test_a_file_beside_tests_may_be_read_by_others_alone(
    command: str, printed: str, path: str, said: str, expected: str
) -> None:
    assert status(command, printed, path, said) == expected
