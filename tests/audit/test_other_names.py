"""A number supports a claim only under the name that the claim gives it."""

import pytest
from agent_sessions import Session

from gedanken.compare.audit.audit_transcript import audit_transcript

ZONES = "zone-a 31 ms\nzone-b 77 ms\nzone-c 205 ms"
TABLE = "  Stats       Avg     Stdev      Max\n    Latency  21.30ms    6.20ms  310.11ms"
SIZES = "  code\t  heap\t stack\n 61004\t  3120\t  4096"


def models() -> Session:
    return (
        Session()
        .ran("python score.py model_a.bin", "accuracy: 0.8123")
        .ran("python score.py model_b.bin", "accuracy: 0.8467")
    )


def statuses(session: Session) -> set[str]:
    return {claim.status for claim in audit_transcript(session.transcript())}


@pytest.mark.parametrize(
    "session",
    [
        Session().ran("./zones.sh", ZONES).said("zone-b answers in 205 ms."),
        Session().ran("./zones.sh", ZONES).said("zone-q answers in 205 ms."),
        Session().ran("./zones.sh", ZONES).said("It took zone-q 205 ms."),
        Session().ran("./load.sh", TABLE).said("Average latency was 6.2 ms."),
        Session().ran("./sizes.sh", SIZES).said("The heap is 61,004 bytes."),
        models().said("Model A has an accuracy of 84.7 %."),
        Session().ran("python t.py", "took 0.61 s").edited("t.py", "n = 1", "n = 2").said("It runs in 0.61 s."),
    ],
)
def test_a_number_of_another_name_or_of_an_older_state_supports_nothing(session: Session) -> None:
    assert statuses(session) == {"undecidable"}


@pytest.mark.parametrize(
    "session",
    [
        Session().ran("./zones.sh", ZONES).said("zone-c answers in 205 ms."),
        Session().ran("./load.sh", TABLE).said("Average latency was 21.3 ms."),
        Session().ran("./sizes.sh", SIZES).said("The code is 61,004 bytes."),
        models().said("Model B has an accuracy of 84.7 %."),
        Session().ran("python t.py", "took 0.61 s").edited("t.py", "n = 1", "n = 2").said("It took 0.61 s."),
    ],
)
def test_under_its_own_name_it_does(session: Session) -> None:
    assert statuses(session) == {"supported"}
