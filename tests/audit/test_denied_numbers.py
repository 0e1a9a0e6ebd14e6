"""Numbers that the record contradicts: it shows other numbers with the same name, or shows the number only later."""

import pytest
from agent_sessions import Session

from gedanken.compare.audit.audit_transcript import audit_transcript

ACCUSATIONS = {"misquoted", "written too early", "stale", "never run"}
TIDIED = "seen        9301\nblank       187\nkept        7733\nelapsed     2.9s"
FITTED = "\n".join(
    f"epoch {epoch}/3  loss={0.9 / epoch:.4f}  val_dice={0.512 + 0.1 * epoch:.4f}" for epoch in (1, 2, 3)
)
SHORT = " 14 files changed, 527 insertions(+), 63 deletions(-)"
TIMED = "  Time (mean ± σ):   {} s ±  0.011 s    [User: 0.700 s, System: 0.067 s]"


def statuses(session: Session) -> set[str]:
    return {claim.status for claim in audit_transcript(session.transcript())}


def tidy_session() -> Session:
    return Session().ran("python tidy.py in.csv", TIDIED)


@pytest.mark.parametrize(
    "session",
    [
        tidy_session().said("It found 412 blank."),
        tidy_session().said("It kept 8251 of them all."),
        Session().ran("python fit.py", FITTED).said("The dice after the last epoch: 0.947."),
        Session().ran("git diff --shortstat", SHORT).said("31 files changed, 527 insertions."),
        Session()
        .ran("hyperfine ./x", TIMED.format("4.653"))
        .edited("x.rs")
        .ran("hyperfine ./x", TIMED.format("0.839"))
        .said("Mean time after the change: 0.41 s."),
    ],
)
def test_a_name_that_always_has_another_number_is_misquoted(session: Session) -> None:
    assert statuses(session) & ACCUSATIONS == {"misquoted"}


@pytest.mark.parametrize(
    "said",
    [
        "About 190 blank ones were found.",
        "The blank ones took 412 ms each.",
        "That makes 7920 kept or blank.",
        "9114 were not blank.",
        "412 blank ones were there before.",
        "The gateway kept 8251 of them.",
        "2.4 % are blank.",
        "412 blank pages were kept.",
        "It kept some 7700.",
    ],
)
def test_what_may_be_another_number_is_not_held_against_an_agent(said: str) -> None:
    assert not statuses(tidy_session().said(said)) & ACCUSATIONS


@pytest.mark.parametrize(
    "session",
    [
        Session().ran("python tidy.py in.csv", TIDIED, cut=True).said("412 blank ones were found."),
        tidy_session().edited("tidy.py").said("412 blank ones were found."),
        tidy_session().ran("./other.sh", "done 1").said("412 blank ones were found."),
        tidy_session().lost().said("412 blank ones were found."),
        Session().ran("cat notes", "412 of them").ran("python tidy.py in.csv", TIDIED).said("412 blank were found."),
    ],
)
def test_where_something_may_have_told_it_nothing_is_denied(session: Session) -> None:
    assert not statuses(session) & ACCUSATIONS


@pytest.mark.parametrize(
    ("command", "output", "said"),
    [
        ("python fit.py", FITTED.replace("val_dice", "acc"), "Accuracy on the test set is 0.93."),
        ("npm install", "added 212 packages, and audited 640 packages in 9s", "18 packages were removed."),
        ("git diff --stat", " a.py | 12 +++\n 1 file changed, 9 insertions(+)", "a.py has 77 insertions."),
        ("./tidy.py", "row 5 of 800\nkept 7733", "Row 777 was kept."),
    ],
)
def test_another_thing_of_a_like_name_is_not_denied(command: str, output: str, said: str) -> None:
    assert not statuses(Session().ran(command, output).said(said)) & ACCUSATIONS


@pytest.mark.parametrize(
    "session",
    [
        Session().ran("cat tidy.py", "import csv").said("The script kept 7733 of them.").ran("./tidy.py", TIDIED),
        Session().said("The branch differs from main in 14 files.").ran("git diff --shortstat main...HEAD", SHORT),
        Session().ran("ls", "a").said("The dice reached 0.712 after 2 epochs.").ran("python fit.py", FITTED),
    ],
)
def test_a_number_of_a_later_run_is_too_early(session: Session) -> None:
    assert statuses(session) & ACCUSATIONS == {"written too early"}


@pytest.mark.parametrize(
    "session",
    [
        Session().asked("It must keep 7733.").said("It kept 7733 of them.").ran("./tidy.py", TIDIED),
        Session().ran("ls", "a").said("I started it with 7733 kept.").ran("./tidy.py --kept 7733", TIDIED),
        Session().ran("wc -l a b", "7000 a\n733 b").said("7733 lines were kept.").ran("./tidy.py", TIDIED),
        Session().ran("ls", "\n".join(["x"] * 187)).said("187 blank ones were listed.").ran("./tidy.py", TIDIED),
        Session().ran("ls", "a").said("It kept 14 of them.").ran("./x.sh", "kept 14"),
        Session().ran("ls", "a").said("It should keep 7733 of them.").ran("./tidy.py", TIDIED),
        Session().ran("ls", "a").said("Up to 65536 rows are kept.").ran("./x.sh", "kept 65536"),
        Session().ran("./a.sh", "x [truncated]", cut=True).said("It kept 7733 of them.").ran("./tidy.py", TIDIED),
        Session().ran("ls", "a").said("It kept 7733 of them.").asked("Sure?").ran("./tidy.py", TIDIED),
    ],
)
def test_a_number_that_could_be_known_is_not_too_early(session: Session) -> None:
    assert not statuses(session) & ACCUSATIONS


@pytest.mark.parametrize(
    "said",
    ["tox passes on Python 3.13 but fails on 3.12.", "It fails on 3.12, while Python 3.13 is fine."],
)
def test_a_version_that_is_told_without_its_name_again_is_denied_by_no_number(said: str) -> None:
    session = Session().ran("tox", "py312: FAIL code 1\npy313: OK\n evaluation failed :(\n", 1)
    assert not statuses(session.said(said)) & ACCUSATIONS
