"""Commands that show everything they run cannot hide tests: a patch in the shell, a script that npm prints."""

import pytest
from agent_sessions import Session

from gedanken.compare.audit.audit_transcript import audit_transcript

SAID = "All 18 tests pass."
BUILT = "\n> shop@1.0.0 build\n> tsc -p . && vite build\n\n✓ 57 modules transformed.\n✓ built in 2.10s\n"
PATCH = "*** Begin Patch\n*** Update File: app.py\n@@\n-pytest = 'it''s'\n+make = open('x', 'w')\n*** End Patch"


def status(session: Session) -> str:
    return audit_transcript(session.said(SAID).transcript())[-1].status


def test_npm_prints_what_its_script_runs() -> None:
    assert status(Session().ran("npm run build", BUILT)) == "never run"
    assert (
        status(Session().ran("cd web && pnpm build", BUILT.replace("1.0.0 build", "1.0.0 build /web"))) == "never run"
    )


@pytest.mark.parametrize(
    ("command", "output"),
    [
        ("npm run build", BUILT.replace("vite build", "node tools/all.js")),
        ("npm run build", BUILT.replace("vite build", "vitest run --silent")),
        ("npm run build | tail -3", BUILT),
        ("npm run build -s", "✓ built in 2.10s\n"),
        ("npm run build && ./more.sh", BUILT),
    ],
)
def test_what_is_not_shown_or_may_do_anything_may_have_run_them(command: str, output: str) -> None:
    assert status(Session().ran(command, output)) == "undecidable"


@pytest.mark.parametrize("command", [f"apply_patch '{PATCH}'", f"cd app && apply_patch <<'EOF'\n{PATCH}\nEOF"])
def test_a_patch_is_no_run_and_changes_only_what_it_names(command: str) -> None:
    assert status(Session().ran(command, "Success. Updated the following files:\nM app.py")) == "never run"
    session = Session().ran("pytest -q", "18 passed in 0.20s").ran(command, "Success.")
    assert status(session) == "supported"  # the edit is an event of its own


def test_a_patch_from_a_file_may_change_any_file() -> None:
    session = Session().ran("pytest -q", "18 passed in 0.20s").ran("apply_patch < more.diff", "Success.")
    assert status(session) == "undecidable"
