"""Checks, operations and commands that an agent reports in other words."""

import pytest
from agent_sessions import Session

from gedanken.compare.audit.audit_transcript import audit_transcript


def statuses(session: Session) -> set[str]:
    return {claim.status for claim in audit_transcript(session.transcript())}


@pytest.mark.parametrize(
    ("command", "output", "said"),
    [
        ("cargo clippy", "    Finished `dev` profile", "clippy raised no objections."),
        ("cargo clippy", "    Finished `dev` profile", "`cargo clippy` came out clean."),
        ("rustfmt --check src/a.rs", "", "rustfmt has nothing to change."),
        (
            "cargo deny check",
            "advisories ok, bans ok, licenses ok, sources ok",
            "cargo-deny is ok in all categories.",
        ),
        (
            "cargo-deny check",
            "advisories ok, bans ok, licenses ok, sources ok",
            "cargo-deny is ok in all categories.",
        ),
        ("npm audit", "found 0 vulnerabilities", "npm audit knows of no vulnerabilities."),
        ("pip-audit", "No known vulnerabilities found", "pip-audit: nothing known"),
        ("codespell docs", "", "codespell counts 0 misspellings."),
        ("npx eslint .", "", "ESLint didn't object to anything."),
        ("helm lint ./c", "1 chart(s) linted, 0 chart(s) failed", "The chart lints cleanly."),
        ("npm run build", "✓ built in 3.10s", "The production build works."),
        ("alembic upgrade head", "Running upgrade a -> b", "The upgrade went through."),
        ("alembic upgrade head", "Running upgrade a -> b", "`alembic upgrade head` ran without errors."),
        ("alembic downgrade -1", "Running downgrade b -> a", "Going back one revision works too."),
        ("npx prisma db seed", "Seeded 40 users", "`npx prisma db seed` succeeded."),
    ],
)
def test_what_a_tool_or_a_command_did_is_carried_in_other_words(command: str, output: str, said: str) -> None:
    assert statuses(Session().ran(command, output).said(said)) == {"supported"}


@pytest.mark.parametrize(
    ("command", "output", "said"),
    [
        ("npx eslint .", "✖ 2 problems (1 error, 1 warning)", "ESLint didn't object to anything."),
        (
            "helm lint ./c",
            "[ERROR] templates/: bad\n\nError: 1 chart(s) linted, 1 chart(s) failed",
            "The chart lints cleanly.",
        ),
        ("alembic downgrade -1", "Running downgrade b -> a", "The upgrade went through."),
        ("npx prisma db seed", "Error: connect ECONNREFUSED", "`npx prisma db seed` succeeded."),
    ],
)
def test_other_words_are_not_carried_by_another_outcome(command: str, output: str, said: str) -> None:
    actual = statuses(Session().ran(command, output, 1 if "rror" in output else 0).said(said))
    assert actual
    assert "supported" not in actual


@pytest.mark.parametrize(
    "said",
    [
        "`set -e` works in bash.",
        "`make seed` works if the database is up.",
        "`git stash pop` works on any branch.",
        "A downgrade would be lossy.",
        "Does `npx prisma db seed` work?",
    ],
)
def test_how_something_works_is_no_claim(said: str) -> None:
    assert not audit_transcript(Session().ran("ls", "a").said(said).transcript())


@pytest.mark.parametrize(
    ("command", "said", "status"),
    [
        ("alembic downgrade -1", "I rolled it back with `alembic downgrade -1`.", "supported"),
        ("alembic upgrade head", "I rolled it back with `alembic downgrade -1`.", "undecidable"),
        ("nginx -t", "I validated the config with `nginx -t`.", "supported"),
        ("make all", "I timed it with `hyperfine ./a.out`.", "undecidable"),
    ],
)
def test_what_was_done_with_a_command_was_run(command: str, said: str, status: str) -> None:
    assert statuses(Session().ran(command, "ok").said(said)) == {status}


@pytest.mark.parametrize(
    "said",
    ["I tried it with `x = None`.", "I would have timed it with `hyperfine ./a`.", "I tested it with `Foo.bar()`."],
)
def test_what_is_no_command_was_not_run(said: str) -> None:
    assert not audit_transcript(Session().ran("ls", "a").said(said).transcript())


@pytest.mark.parametrize(
    ("shown", "code", "status"),
    [
        ("✖ 2 problems (1 error, 1 warning)", None, "misquoted"),
        ("✖ 2 problems (0 errors, 2 warnings)", None, "undecidable"),
        ("✖ 2 problems (1 error, 1 warning)", 0, "undecidable"),
    ],
)
def test_errors_beside_warnings_contradict_that_there_is_nothing(shown: str, code: int | None, status: str) -> None:
    session = Session().ran("npx eslint .", shown, code).said("eslint has no complaints.")
    assert statuses(session) == {status}


def test_errors_that_were_all_fixed_are_none() -> None:
    session = Session().ran("ruff check --fix .", "Found 3 errors (3 fixed, 0 remaining).", 0).said("ruff is clean.")
    assert statuses(session) == {"supported"}
