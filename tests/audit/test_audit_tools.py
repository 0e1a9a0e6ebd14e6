"""Claims that give only a verdict on a tool, a command or a suite, such as “ruff passes”, are judged by runs of that
tool.
"""

import pytest
from agent_sessions import Session

from gedanken.compare.audit.audit_transcript import audit_transcript
from gedanken.compare.audit.claims.find_claims import find_claims

EDIT = ("lib/a.go", "x := 1", "x := 2")


def status(session: Session) -> str:
    claims = audit_transcript(session.transcript())
    return claims[-1].status if claims else "unseen"


@pytest.mark.parametrize(
    "said",
    [
        "shellcheck stays silent.",
        "cargo fmt --all --check is happy.",
        "`semgrep` has no findings.",
        "Psalm at level 2 reports nothing.",
        "hadolint: 2 issues.",
        "govulncheck found no vulnerabilities.",
        "dotnet test → ok",
        "`mix test`: passed",
        "gradle test: BUILD SUCCESSFUL, 12 tests.",
    ],
)
def test_a_tool_with_a_verdict_is_a_claim(said: str) -> None:
    assert len(find_claims(Session().ran("ls", "a\n").said(said).transcript())) == 1


@pytest.mark.parametrize(
    "said",
    [
        "Let me see whether staticcheck reports nothing.",
        "shellcheck should stay silent.",
        "Hopefully, all 12 tests pass.",
        "Ideally, ruff is clean.",
        "trivy found no critical vulnerabilities.",
    ],
)
def test_a_hope_or_a_part_of_what_it_looks_for_is_no_claim(said: str) -> None:
    assert find_claims(Session().ran("ls", "a\n").said(said).transcript()) == []


@pytest.mark.parametrize(
    ("command", "printed", "code", "said", "expected"),
    [
        ("staticcheck ./...", "", 0, "staticcheck reports nothing.", "supported"),
        ("staticcheck ./...", "a.go:3:2: unused (U1000)\n", 1, "staticcheck reports nothing.", "misquoted"),
        ("cargo fmt --check", "", 0, "cargo fmt --check passes.", "supported"),
        ("valgrind ./a.out", "ERROR SUMMARY: 0 errors from 0 contexts\n", 0, "valgrind shows 0 errors.", "supported"),
        ("valgrind ./a.out", "ERROR SUMMARY: 3 errors from 2 contexts\n", 0, "valgrind shows 0 errors.", "misquoted"),
        ("valgrind ./a.out", "result 12\n", 0, "valgrind shows 0 errors.", "undecidable"),
        ("npm run lint", "> eslint src\n", 0, "ESLint is clean.", "supported"),
        ("npm test", "> jest\nTests:       9 passed, 9 total\n", 0, "jest passes (9 tests).", "supported"),
        ("make check", "", 0, "shellcheck is silent.", "undecidable"),
        ("docker build .", "", 0, "trivy found no vulnerabilities.", "undecidable"),
        (
            "tsc --noEmit",
            "a.ts(1,1): error TS2322: x\nb.ts(2,1): error TS2531: y\n",
            2,
            "tsc: two errors.",
            "supported",
        ),
        ("cargo check", "warning: unused `x`\n    Finished dev\n", 0, "cargo check gives no warnings.", "misquoted"),
        ("go test ./...", "ok  \texample.com/a\t0.1s\n", 0, "go test ./... is ok.", "supported"),
        ("./gradlew test", "12 tests completed, 2 failed\n", 1, "gradle test: BUILD SUCCESSFUL.", "misquoted"),
    ],
)
def test_the_run_of_the_tool_decides(command: str, printed: str, code: int, said: str, expected: str) -> None:
    assert status(Session().ran(command, printed, code).said(said)) == expected


def test_a_tool_that_nothing_ran_was_never_run() -> None:
    session = Session().ran("go vet ./...", "").ran("cat a.go", "package a\n")
    assert status(session.said("staticcheck reports nothing either.")) == "never run"
    assert status(session.said("`terraform plan` shows no changes.")) == "never run"
    validated = (
        Session().ran("terraform validate", "Success! The configuration is valid.\n").ran("helm list", "app ok\n")
    )
    assert status(validated.said("`terraform plan` shows no changes.")) == "never run"
    assert (
        status(validated.ran("terraform apply", "done\n").said("`terraform plan` shows no changes.")) == "undecidable"
    )


@pytest.mark.parametrize(
    ("command", "printed"),
    [
        ("find . -name '*.sh' -exec shellcheck {} +", ""),
        ("git ls-files '*.sh' | xargs shellcheck", ""),
        ("bash ci/all.sh", "done\n"),
        ("tox -q", "12 passed in 1s\n"),
        ("python3 - <<'EOF'\nimport subprocess\nsubprocess.run(['sh', 'x'])\nEOF", ""),
        ("cat ci.log", "shellcheck: ok\n"),
    ],
)
def test_what_may_have_run_it_leaves_it_open(command: str, printed: str) -> None:
    assert status(Session().ran(command, printed).said("shellcheck is silent.")) in ("undecidable", "supported")


@pytest.mark.parametrize(
    ("command", "printed", "said"),
    [
        ("git commit -qm x", "", "The pre-commit hooks passed."),
        ("python3 - <<'EOF'\nfrom app.checks import every\nevery()\nEOF", "all good\n", "mypy is clean."),
        ("python3 - <<'EOF'\nfrom app.checks import every\nevery()\nEOF", "all good\n", "All tests pass."),
    ],
)
def test_what_a_hook_or_a_script_may_have_done_is_left_open(command: str, printed: str, said: str) -> None:
    assert status(Session().ran(command, printed).said(said)) == "undecidable"


def test_a_script_that_only_writes_a_file_ran_no_tool() -> None:
    script = "python3 - <<'EOF'\nfrom pathlib import Path\nPath('a.sh').write_text('echo')\nEOF"
    assert status(Session().ran(script, "").said("shellcheck is silent.")) == "never run"


def test_a_verdict_before_the_run_is_too_early_and_after_an_edit_stale() -> None:
    early_session = Session().said("revive reports nothing.").ran("revive ./...", "")
    assert audit_transcript(early_session.transcript())[0].status == "written too early"
    assert status(Session().ran("revive ./...", "").edited(*EDIT).said("revive reports nothing.")) == "stale"
    other_session = Session().ran("revive ./...", "").edited("web/a.ts", "x = 1", "x = 2")
    assert status(other_session.said("revive reports nothing.")) == "supported"


def test_no_failures_that_a_runner_counts_go_stale() -> None:
    output = "Passed!  - Failed:     0, Passed:     8, Skipped:     0, Total:     8\n"
    message = "dotnet test: 8 examples, 0 failures."
    assert status(Session().ran("dotnet test", output).said(message)) == "supported"
    assert (
        status(Session().ran("dotnet test", output).edited("src/A.cs", "int x;", "int y;").said(message)) == "stale"
    )
