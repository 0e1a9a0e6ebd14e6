"""Numbers of any name: seen as claims, carried under their own name only, and derived from those that are."""

import pytest
from agent_sessions import Session

from gedanken.compare.audit.audit_transcript import audit_transcript

ACCUSATIONS = {"misquoted", "written too early", "stale", "never run"}
TALLY = "    611 parser\n     84 lexer\n      5 printer"
BENCH = "p50 8.2 ms\np95 14.6 ms\np99 33.1 ms\nheap 48.2 MB"
LATER = "p50 8.1 ms\np95 9.7 ms\np99 30.0 ms\nheap 31.4 MB"


def tally() -> Session:
    return Session().ran("sort log | uniq -c", TALLY)


def bench() -> Session:
    return Session().ran("./bench.sh", BENCH)


def statuses(session: Session) -> set[str]:
    return {one.status for one in audit_transcript(session.transcript())}


@pytest.mark.parametrize(
    "session",
    [
        tally().said("lexer has 84 entries in it, parser 611."),
        tally().said("That makes 700 in total: parser 611, lexer 84, printer 5."),
        bench().said("p95 stands at 15 ms."),
        bench().said("p99 stands at 0.033 s."),
        bench().ran("./bench.sh", LATER).said("p95 fell from 14.6 ms to 9.7 ms. That is 34 % less."),
        bench().ran("./bench.sh", LATER).said("The heap shrank by 16.8 MB."),
        Session().ran("./q.sh", "Zeilen: 2718").said("Das sind 2.718 Zeilen."),
        Session().ran("./q.sh", "lignes: 2718").said("La requête renvoie 2718 lignes."),
        Session().ran("time ./x", "real\t1m12.200s").said("Real time: 72 s."),
    ],
)
def test_an_output_carries_a_number_under_its_name(session: Session) -> None:
    assert statuses(session) == {"supported"}


@pytest.mark.parametrize(
    "session",
    [
        tally().said("lexer has 611 entries in it."),
        bench().said("p99 stands at 14.6 ms."),
        bench().said("p99 stands at 77 ms."),
        bench().edited("bench.sh", "n=1", "n=2").ran("python3 - <<'E'\nprint()\nE", "").said("IPC is 3.7."),
        bench().ran("./bench.sh", LATER).said("The heap shrank by 21.5 MB."),
        tally().said("I ran it again by hand and lexer stands at 84."),
    ],
)
def test_what_no_output_carries_is_seen_and_left_open(session: Session) -> None:
    assert statuses(session) == {"undecidable"}


@pytest.mark.parametrize(
    "said",
    [
        "Our budget is 200 ms.",
        "See line 84.",
        "Step 12 comes next.",
        "The paper has 91 % here.",
        "Use 16 workers.",
        "It may take 40 ms.",
    ],
)
def test_limits_places_plans_and_the_words_of_others_are_no_claims(said: str) -> None:
    assert statuses(bench().said(said)) == set()
