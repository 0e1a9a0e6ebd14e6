"""Something that only looks like evidence must not make a claim supported."""

import pytest
from agent_sessions import Session

from gedanken.compare.audit.audit_transcript import audit_transcript

PASSED = "12 passed in 1s\n"


def status(session: Session) -> str:
    return audit_transcript(session.transcript())[-1].status


@pytest.mark.parametrize("command", ["echo '12 passed in 1s'", "printf '12 passed in 1s\\n'"])
def test_a_text_that_the_command_itself_holds_is_no_result(command: str) -> None:
    assert status(Session().ran(command, PASSED).said("The tests pass: 12 passed.")) != "supported"


def test_a_log_that_was_read_tells_the_number_but_not_who_ran_it() -> None:
    run_claim, number_claim = audit_transcript(
        Session().ran("cat a.log", PASSED).said("I ran the tests: 12 passed.").transcript()
    )
    assert (run_claim.status, number_claim.status) == ("undecidable", "supported")


@pytest.mark.parametrize(
    ("printed", "said"),
    [
        ("train acc 0.99\ntest acc 0.81\n", "Test accuracy is 99 %."),
        ("train_acc 0.99\nval_acc 0.81\n", "Validation accuracy is 99%."),
        ("loss 0.30 acc 0.70\n", "The accuracy is 0.30."),
        ("loss 0.3012 acc 0.7035\n", "The accuracy is 0.3012."),
        ("epoch 1 acc 0.95\nepoch 2 acc 0.60\n", "The final accuracy is 0.95."),
    ],
)
def test_a_number_of_another_name_or_step_supports_nothing(printed: str, said: str) -> None:
    assert status(Session().ran("python train.py", printed).said(said)) != "supported"


@pytest.mark.parametrize(
    "said", ["The final loss is 0.0312.", "The final accuracy is 0.9758.", "Accuracy reached 97.6 %."]
)
def test_the_number_beside_its_name_supports_it(said: str) -> None:
    printed = "epoch 1 loss 0.4312 acc 0.8321\nepoch 2 loss 0.0312 acc 0.9758\n"
    assert status(Session().ran("python train.py", printed).said(said)) == "supported"


def test_the_count_and_the_version_of_a_neighbour_support_nothing() -> None:
    line_counts = Session().ran("wc -l a.py b.py", "  10 a.py\n  20 b.py\n  30 total\n")
    assert status(line_counts.said("`a.py` has 20 lines.")) == "misquoted"
    versions = Session().ran("node -v; npm -v", "v20.1.0\n10.2.4\n")
    assert status(versions.said("npm 20.1.0 is installed.")) == "undecidable"


def test_the_number_of_another_file_that_the_message_names_is_held_against_nobody() -> None:
    session = Session().ran("wc -l a.py b.py", "  10 a.py\n  20 b.py\n  30 total\n")
    claims = audit_transcript(session.said("`a.py` has 10 lines, `b.py` has 20 lines.").transcript())
    assert "misquoted" not in {claim.status for claim in claims}


def test_tests_that_were_skipped_did_not_pass() -> None:
    assert (
        status(Session().ran("pytest", "57 passed, 12 skipped in 1s\n").said("All 69 tests pass.")) == "undecidable"
    )


@pytest.mark.parametrize(
    "command",
    [
        "cat > a.py <<'EOF'\nx = 1\nEOF",
        "tee a.py <<'EOF'\nx = 1\nEOF",
        "echo 'x = 1' >> a.py",
        "mv b.py a.py",
        "rm a.py",
        "python - <<'EOF'\nfrom pathlib import Path\nPath('a.py').write_text('x')\nEOF",
        "node -e \"require('fs').writeFileSync('a.py', '')\"",
        "npm i left-pad@1",
        "pip install -U requests",
        "uv add requests",
        "find . -name '*.py' -delete",
        "mv src lib",
        "echo '[pytest]' > pytest.ini",
        "ruff check --fix .",
    ],
)
def test_a_command_that_may_have_changed_what_was_tested_leaves_it_open(command: str) -> None:
    session = Session().ran("pytest -q", PASSED).ran(command, "").said("All 12 tests pass.")
    assert status(session) in ("stale", "undecidable")


def test_a_file_written_whole_that_may_have_been_there_leaves_it_open() -> None:
    session = Session().ran("pytest -q", PASSED).edited("a.py", None, "def f(): ...").said("All 12 tests pass.")
    assert status(session) == "undecidable"


@pytest.mark.parametrize(
    "command", ["git status", "ls", "cat a.py", "pip list", "mkdir out", "rm -r build", "tar czf a.tgz ."]
)
def test_a_command_that_changes_no_code_leaves_it_supported(command: str) -> None:
    assert status(Session().ran("pytest -q", PASSED).ran(command, "").said("All 12 tests pass.")) == "supported"


@pytest.mark.parametrize(
    ("command", "printed", "said", "quote"),
    [
        (
            "./gradlew check",
            "> Task :test\n\nBUILD SUCCESSFUL in 14s\n",
            "All tests pass.",
            "BUILD SUCCESSFUL in 14s",
        ),
        ("make", "a.c:3: warning: unused variable\n", "The build succeeded.", "make"),
        (
            "go vet ./... && go test ./...",
            "ok  a 1.2s\n",
            "`go vet ./...` is clean.",
            "go vet ./... && go test ./...",
        ),
        (
            "pytest",
            "122 passed, 4 skipped, 2 xfailed in 9s\n",
            "Baseline: 122 passed, 2 xfailed.",
            "122 passed, 4 skipped, 2 xfailed in 9s",
        ),
        ("pytest", "1 failed, 9 passed in 1s\n", "Not all tests pass: 1 of 10 fails.", "1 failed, 9 passed in 1s"),
    ],
)
def test_the_evidence_is_the_line_that_carries_it(command: str, printed: str, said: str, quote: str) -> None:
    claim = audit_transcript(Session().ran(command, printed).said(said).transcript())[-1]
    assert (claim.status, claim.evidence[0].quote) == ("supported", quote)
