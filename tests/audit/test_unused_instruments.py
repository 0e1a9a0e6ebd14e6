"""Numbers that are said to come from a program that was never run, unless another program or tool may have shown
them.
"""

import pytest
from agent_sessions import Session

from gedanken.compare.audit.audit_transcript import audit_transcript

NAMES = "src/a.py\nsrc/b.py\nsrc/c.py\nlib/d.py\nlib/e.py"


def status(session: Session) -> str:
    return audit_transcript(session.transcript())[-1].status


@pytest.mark.parametrize(
    ("command", "output", "said"),
    [
        ("pip list", "flask 3.0", "`curl` on `/health` returns 204."),
        ("pip list", "flask 3.0", "`kubectl get pods` shows 12 pods."),
        ("pip list", "flask 3.0", "`du -sh /srv` reports 38 GB."),
    ],
)
def test_a_program_that_was_never_run(command: str, output: str, said: str) -> None:
    assert status(Session().ran(command, output).said(said)) == "never run"


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("rg -l spam", "`grep` finds 17 uses of it."),
        ("podman images", "`docker images` shows 518 MB for it."),
        ("oc get pods", "`kubectl get pods` shows 12 pods."),
    ],
)
def test_another_program_of_its_kind_was_run(command: str, said: str) -> None:
    assert status(Session().ran(command, NAMES).said(said)) == "undecidable"


@pytest.mark.parametrize(
    ("tool", "said"),
    [
        ("Grep", "`grep -rn spam` finds 17 uses of it."),
        ("LS", "`ls` shows 17 files there."),
        ("read_file", "`cat conf.yaml` shows 17 workers."),
        ("WebFetch", "`curl` on `/health` returns 204."),
    ],
)
def test_a_tool_that_is_no_shell_may_have_told_it(tool: str, said: str) -> None:
    assert status(Session().called(tool, "{}", NAMES).said(said)) == "undecidable"


def test_lines_that_another_program_printed_may_be_counted() -> None:
    names = "\n".join(f"job-{letter}" for letter in "abcdefghijklmn")
    assert status(Session().ran("python jobs.py", names).said("`ps` shows 14 jobs.")) != "never run"
