"""Claims that none of several things failed, times in minutes and seconds, pinned versions, and numbers measured
without a cache.
"""

import pytest
from agent_sessions import Session

from gedanken.compare.audit.audit_transcript import audit_transcript

PLAY = "PLAY RECAP\nweb1 : ok=12 changed=3 unreachable=0 failed=0 skipped=2"
PODS = (
    "NAME      READY   STATUS    RESTARTS   AGE\n"
    "web-a-1   1/1     Running   0          40s\n"
    "web-b-1   1/1     Running   {}          40s"
)
LOADED = "http_req_duration..: avg=12.1ms p(95)=41.2ms\nhttp_req_failed....: 0.04%  3 out of 9012"


def statuses(session: Session) -> set[str]:
    return {claim.status for claim in audit_transcript(session.transcript())}


@pytest.mark.parametrize(
    ("command", "output", "said", "status"),
    [
        ("ansible-playbook site.yml", PLAY, "Not a single task failed.", "supported"),
        ("kubectl get pods", PODS.format(0), "None of the pods restarted.", "supported"),
        ("kubectl get pods", PODS.format(4), "None of the pods restarted.", "undecidable"),
        ("k6 run a.js", LOADED, "Not a single request failed.", "undecidable"),
        ("python fit.py", "trained in 93.2 s", "Training took 1 min 33 s.", "supported"),
        ("./crawl", "crawl finished in 7m 25s", "Crawling took 7 min 25 s.", "supported"),
        ("./crawl", "crawl finished in 7m 25s", "Crawling took 7 min 52 s.", "undecidable"),
        ("uv pip show httpx", "Name: httpx\nVersion: 0.28.1", "httpx is pinned to 0.28.1 now.", "supported"),
        ("uv pip show httpx", "Name: httpx\nVersion: 0.28.1", "httpx: now 0.28.2", "undecidable"),
        ("k6 run a.js", LOADED, "Without caching p95 is 41 ms.", "supported"),
    ],
)
def test_it_is_held_against_what_was_printed(command: str, output: str, said: str, status: str) -> None:
    assert statuses(Session().ran(command, output).said(said)) == {status}


@pytest.mark.parametrize(
    "said",
    [
        "If no request failed, the budget holds.",
        "We should check that none of them restarted.",
        "Was not a single request dropped?",
        "I pinned httpx to 0.28.1.",
        "Pin it: now 3 people ask for it.",
        "By convention an exit status of 3 stands for a bad argument.",
        "Coverage of 91% is commonly regarded as good.",
        "As a rule, 12 retries are too many.",
    ],
)
def test_what_is_no_report_is_no_claim(said: str) -> None:
    assert not audit_transcript(Session().ran("ls", "a").said(said).transcript())


@pytest.mark.parametrize(
    ("command", "output", "said", "status"),
    [
        ("pip-audit", "No known vulnerabilities found", "Locked; no known vulnerabilities.", "supported"),
        ("npx eslint .", "", "Locked; no known vulnerabilities.", "undecidable"),
        ("pip-audit", "Found 2 known vulnerabilities in 1 package", "no known vulnerabilities", "undecidable"),
        ("helm status w", "STATUS: deployed\nREVISION: 4", "The release is at revision 4.", "supported"),
        ("helm status w", "STATUS: deployed\nREVISION: 4", "The release is at revision 5.", "undecidable"),
    ],
)
def test_what_a_scanner_knows_and_the_number_of_a_state(command: str, output: str, said: str, status: str) -> None:
    assert statuses(Session().ran(command, output).said(said)) == {status}
