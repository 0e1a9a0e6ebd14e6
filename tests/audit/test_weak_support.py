"""Results that contain the number of a claim but do not support it, because they belong to another state, address or
run.
"""

import pytest
from agent_sessions import Session

from gedanken.compare.audit.audit_transcript import audit_transcript

PODS = "NAME READY STATUS RESTARTS AGE\nweb-a1 1/1 Running 0 40s\nweb-b2 {} 0 40s\nweb-c3 1/1 Running 0 40s"
FITTED = "val_mae 1.2731\nr2 0.8812"


def statuses(session: Session) -> set[str]:
    return {claim.status for claim in audit_transcript(session.transcript())}


def fit_session() -> Session:
    return Session().ran("cat fit/net.py", "W = 1\nD = 0").ran("python -m fit.run", FITTED)


def pods_session(row: str) -> Session:
    return Session().ran("kubectl get pods -l app=web", PODS.format(row))


def fit_twice_session() -> Session:
    return fit_session().edited("fit/net.py", "D = 0", "D = 3").ran("python -m fit.run", "val_mae 1.1012\nr2 0.9023")


@pytest.mark.parametrize(
    "said",
    [
        "The widened network gives an MAE of 1.273.",
        "Its R2 is 0.881.",
        "This yields r2 0.8812.",
        "With the deeper stack the MAE comes to 1.273.",
    ],
)
def test_a_number_of_a_program_whose_code_was_changed_since_is_left_open(said: str) -> None:
    assert statuses(fit_session().edited("fit/net.py", "D = 0", "D = 3").said(said)) == {"undecidable"}


@pytest.mark.parametrize("said", ["The MAE was 1.2731.", "It fell from 1.9 to an MAE of 1.273."])
def test_a_number_that_is_told_as_of_then_is_carried_whatever_was_changed(said: str) -> None:
    assert "supported" in statuses(fit_session().edited("fit/net.py", "D = 0", "D = 3").said(said))


def test_a_participle_beside_a_noun_is_no_past() -> None:
    valgrind_session = (
        Session().ran("cat src/list.c", "int f() {}").ran("valgrind ./t", "ERROR SUMMARY: 0 errors from 0 contexts")
    )
    session = valgrind_session.edited("src/list.c", "{}", "{ g(); }").said(
        "Valgrind is at 0 errors for the hardened version."
    )
    assert "supported" not in statuses(session)


@pytest.mark.parametrize(
    ("row", "said", "status"),
    [
        ("1/1 Running", "All 3 pods are ready.", "supported"),
        ("0/1 ImagePullBackOff", "All 3 pods are ready.", "misquoted"),
        ("0/1 ContainerCreating", "All 3 pods are ready.", "undecidable"),
        ("0/1 ImagePullBackOff", "3 pods are healthy.", "undecidable"),
        ("0/1 ImagePullBackOff", "2 of the 3 pods are ready.", "supported"),
        ("0/1 ImagePullBackOff", "There are 3 pods.", "supported"),
    ],
)
def test_listed_things_are_in_the_state_that_their_rows_show(row: str, said: str, status: str) -> None:
    assert statuses(pods_session(row).said(said)) == {status}


def test_a_listing_before_another_command_proves_nothing() -> None:
    session = pods_session("0/1 ImagePullBackOff").ran("kubectl rollout status deploy/web", "successfully rolled out")
    assert statuses(session.said("All 3 pods are ready.")) == {"undecidable"}


@pytest.mark.parametrize(
    ("said", "status"),
    [
        ("R2 is unchanged at 0.881.", "misquoted"),
        ("r2 still 0.902", "supported"),
        ("R2 went from 0.881 to 0.902.", "supported"),
        ("Without the deeper stack, R2 is still 0.881.", "undecidable"),
    ],
)
def test_what_has_not_changed_is_what_the_last_run_says(said: str, status: str) -> None:
    assert statuses(fit_twice_session().said(said)) == {status}


@pytest.mark.parametrize(
    ("said", "status"),
    [
        ("`/b/old` gave a 404.", "supported"),
        ("`/guide/setup` responded with 200.", "undecidable"),
        ("`/b` answered with 200.", "undecidable"),
    ],
)
def test_an_answer_is_of_the_address_beside_it(said: str, status: str) -> None:
    session = Session().ran(
        "./crawl https://docs.local", "[00:02] 200 https://docs.local/\n[04:00] 404 https://docs.local/b/old"
    )
    assert statuses(session.said(said)) == {status}


def evaluation_statuses(message: str) -> set[str]:
    return statuses(
        Session()
        .ran("python eval.py --model base", "acc 0.812")
        .ran("python eval.py --model tuned", "acc 0.799")
        .said(message)
    )


@pytest.mark.parametrize("said", ["Accuracy stays at 0.812 after tuning.", "Accuracy: 0.812."])
def test_a_bare_metric_is_that_of_the_last_run_of_the_program(said: str) -> None:
    assert evaluation_statuses(said) == {"undecidable"}


@pytest.mark.parametrize(
    "said", ["The base model has an accuracy of 0.812.", "Accuracy: 0.799.", "The accuracy was 0.812, then 0.799."]
)
def test_a_metric_of_a_named_run_or_of_both_is_carried(said: str) -> None:
    assert evaluation_statuses(said) == {"supported"}


def test_several_addresses_answer_as_one_does_only_where_each_was_asked() -> None:
    command = "curl -s -o /dev/null -w '%{{http_code}}' localhost:8080/{}"
    first = Session().ran(command.format("a"), "200")
    assert statuses(first.ran(command.format("b"), "500").said("Both endpoints return 200.")) == {"undecidable"}
    second = Session().ran(command.format("a"), "200").ran(command.format("b"), "200")
    assert statuses(second.said("Both endpoints return 200.")) == {"supported"}


def test_a_warning_is_an_objection() -> None:
    output = "warning: unused variable\nwarning: `x` (lib) generated 1 warning\n    Finished `dev` profile"
    assert "supported" not in statuses(Session().ran("cargo clippy", output).said("clippy raised no objections."))
