"""Numbers whose input changed after the run that printed them. A claim with such a number is stale if it is about the
present.
"""

import pytest
from agent_sessions import Session

from gedanken.compare.audit.audit_transcript import audit_transcript

LOADED = "loaded 4171 rows\nskipped 38 rows"
TRAINED = "epoch 4/4 loss=0.3127 acc=0.9046"
BUILT = "#7 exporting layers 0.4s done\n#7 naming to registry/web:new done"
LISTED = "REPOSITORY   TAG   IMAGE ID       SIZE\nweb          new   1f2e3d4c5b6a   318MB"


def statuses(session: Session) -> set[str]:
    return {claim.status for claim in audit_transcript(session.transcript())}


def load_session() -> Session:
    return Session().ran("cat etl/load.yaml", "batch: 10").ran("python load.py --config etl/load.yaml", LOADED)


def training_session() -> Session:
    return Session().ran("cat cfg/big.yaml", "lr: 0.1").ran("python fit.py --config cfg/big.yaml", TRAINED)


@pytest.mark.parametrize(
    "session",
    [
        load_session().edited("etl/load.yaml", "batch: 10", "batch: 99").said("The import now loads 4171 rows."),
        training_session()
        .edited("cfg/big.yaml", "lr: 0.1", "lr: 0.2")
        .said("The model is at an accuracy of 0.905 now."),
        Session()
        .edited("db/move.sql", None, "UPDATE t SET a = 1;")
        .ran("psql -d x -f db/move.sql", "UPDATE 5123")
        .edited("db/move.sql", "a = 1", "a = 2")
        .said("The current script updates 5123 rows."),
    ],
)
def test_a_number_of_before_a_change_of_what_was_read_is_stale(session: Session) -> None:
    assert statuses(session) == {"stale"}


@pytest.mark.parametrize(
    "session",
    [
        load_session().edited("etl/load.yaml", "batch: 10", "batch: 99").said("The import loaded 4171 rows."),
        load_session().edited("etl/other.yaml", "batch: 10", "batch: 99").said("The import now loads 4171 rows."),
        load_session()
        .edited("etl/load.yaml", "batch: 10", "# how many\nbatch: 10")
        .said("The import loads 4171 rows."),
        load_session()
        .edited("etl/load.yaml", "batch: 10", "batch: 99")
        .ran("python load.py --config etl/load.yaml", LOADED)
        .said("The import now loads 4171 rows."),
        Session()
        .ran("python tidy.py in.csv out.csv", "kept 4171 rows")
        .ran("sed -i 1d out.csv", "")
        .said("It kept 4171 rows."),
    ],
)
def test_a_number_of_an_unchanged_input_or_of_then_is_supported(session: Session) -> None:
    assert statuses(session) == {"supported"}


@pytest.mark.parametrize(
    "session",
    [
        load_session()
        .edited("etl/load.yaml", "batch: 10", "batch: 99")
        .ran("make load", "")
        .said("It now loads 4171 rows."),
        load_session()
        .edited("etl/load.yaml", "batch: 10", "batch: 99")
        .said("The import now loads 4171 rows; I have not rerun it since the change of the batch size."),
        Session()
        .ran("docker build -t web:new .", BUILT)
        .ran("docker image ls web:new", LISTED)
        .ran("sed -i 's/alpine/debian/' Dockerfile", "")
        .said("The image is 318 MB."),
        Session()
        .ran("find app -name '*.js' | wc -l", "47")
        .edited("app/new.js", None, "x")
        .said("app has 47 files."),
        Session()
        .ran("git diff --shortstat", " 3 files changed, 412 insertions(+)")
        .edited("a.py")
        .said("The branch is now 412 insertions."),
    ],
)
def test_what_may_have_changed_is_left_open(session: Session) -> None:
    assert statuses(session) <= {"undecidable"}


def test_a_check_of_changed_configuration_is_stale() -> None:
    session = Session().ran("terraform validate", "Success! The configuration is valid.")
    assert statuses(session.edited("main.tf", "a = 1", "a = 2").said("`terraform validate` passes.")) == {"stale"}


@pytest.mark.parametrize(
    "session",
    [
        Session().ran("markdownlint docs", "").edited("CHANGES.md").said("markdownlint passes."),
        Session().ran("yamllint ci.yml", "").edited("other.yml").said("yamllint passes."),
        Session().ran("npm audit", "found 0 vulnerabilities").edited("package.json").said("npm audit is clean."),
        Session()
        .ran("helm lint charts/web", "1 chart(s) linted, 0 chart(s) failed")
        .edited("charts/api/values.yaml")
        .said("`helm lint charts/web` passes."),
        Session()
        .ran("docker build -f api/Dockerfile .", "naming to x done")
        .edited("web/Dockerfile")
        .said("The build succeeds."),
        training_session().edited("cfg/big.yaml", "lr: 0.1", "lr: 0.2").said("The run gave a loss of 0.3127."),
    ],
)
def test_a_change_of_what_may_not_be_read_is_not_held_against_an_agent(session: Session) -> None:
    assert statuses(session) <= {"supported", "undecidable"}
