"""The page of an audit: links from an accusation to both of its lines, hostile transcripts, narrow screens."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from browser_page import open_file
from conftest import Cli
from test_audit_command import LIE, write_session
from transcript_forms import ANSWER, OUTPUT

from gedanken.api.auditing import audit
from gedanken.auditing.audited import Audit, AuditedSession, Difference, Rerun
from gedanken.experiment.agent_transcript import AgentEvent, AgentTranscript, Place
from gedanken.experiment.claim import Claim, Evidence, JudgedClaim
from gedanken.experiment.execution import Cause, Execution
from gedanken.report.audit_page import render_audit
from gedanken.report.audit_timeline import MAX_EVENTS

HOSTILE = "</code><script>alert(1)</script><img src=x onerror=alert(2)> {{ 7*7 }} \u202egnp.exe \x1b[2J"


def _make_claim(event: int, text: str, quote: str, evidence: Evidence | None = None) -> JudgedClaim:
    start = text.index(quote)
    claim = Claim("result", event, start, start + len(quote), quote, Place("s.jsonl", event + 1))
    return JudgedClaim(
        claim, "misquoted" if evidence else "undecidable", "it says otherwise", (evidence,) if evidence else ()
    )


def make_audit(printed: str, message: str, *, events_between: int = 0) -> Audit:
    """An audit of a session in which a tool printed a text and the agent contradicts its last line."""
    last = printed.rsplit("\n", maxsplit=1)[-1]
    fillers = [
        AgentEvent(number, "call", "agent", Place("s.jsonl", number + 1), tool="x", text="y")
        for number in range(1, events_between + 1)
    ]
    answer_number = len(fillers) + 1
    events = (
        AgentEvent(0, "result", "tool", Place("s.jsonl", 1), printed, tool="bash", command="make", exit_code=1),
        *fillers,
        AgentEvent(
            answer_number, "message", "agent", Place("s.jsonl", answer_number + 1), f"First.\n{message}\nLast."
        ),
    )
    lines = len(printed.split("\n"))
    claims = (
        _make_claim(answer_number, events[-1].text, message, Evidence(0, events[0].place, (lines, lines), last)),
    )
    run = Execution("docker", "make", 0, Cause.FINISHED, 0.1, "real\n", "real\n", seed=1)
    rerun = Rerun(
        "make",
        0,
        events[0].place,
        False,
        printed,
        "differs",
        "1 line differs",
        (Difference(lines, last, 1, "real"),),
        (run,),
        claims=(0,),
    )
    transcript = AgentTranscript("s.jsonl", "claude-code", "an agent", events)
    return Audit((AuditedSession(transcript, claims, len(events), "the workspace as given", (rerun,)),))


def _open_page(browser: Any, tmp_path: Path, page: str, width: int = 1400, scheme: str = "light") -> Any:
    file = tmp_path / "audit.html"
    file.write_text(page, encoding="utf-8")
    return open_file(browser, file, width, scheme)


@pytest.mark.browser
@pytest.mark.parametrize("width", [390, 1400])
def test_from_an_accusation_to_both_lines(browser: Any, tmp_path: Path, width: int) -> None:
    page = _open_page(browser, tmp_path, render_audit(audit(write_session(tmp_path / "s.jsonl", LIE))), width)
    accusation = page.locator(".claim.accused")
    assert "misquoted" in accusation.inner_text()
    accusation.get_by_role("link", name=re.compile("said at")).click()
    quoted_line = page.locator(":target")
    assert quoted_line.inner_text() == LIE.rstrip(".")
    assert quoted_line.evaluate(
        "one => { const box = one.getBoundingClientRect(); return box.top >= 0 && box.bottom <= innerHeight }"
    )
    quoted_line.get_by_role("link").click()
    assert page.locator(":target").get_attribute("class") == "claim accused"
    accusation.get_by_role("link", name=re.compile("recorded at")).click()
    recorded_line = page.locator(":target")
    assert OUTPUT in recorded_line.inner_text()
    recorded_line.locator(".backs a").click()
    assert page.locator(":target").get_attribute("class") == "claim accused"
    assert page.troubles == []


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1600])
def test_no_screen_is_too_narrow_and_nothing_is_too_pale(
    browser: Any, tmp_path: Path, width: int, scheme: str
) -> None:
    from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]

    page = _open_page(
        browser, tmp_path, render_audit(make_audit("a\n" * 30 + "x" * 300, "wide " + "w" * 300)), width, scheme
    )
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    violations = Axe().run(page).response["violations"]
    assert [(violation["id"], violation["nodes"][0]["html"][:120]) for violation in violations] == []


@pytest.mark.browser
def test_what_a_transcript_holds_is_shown_and_not_obeyed(browser: Any, tmp_path: Path) -> None:
    page = _open_page(browser, tmp_path, render_audit(make_audit(f"one\n{HOSTILE}", HOSTILE)))
    assert page.troubles == []
    assert page.locator("script").count() == 1
    assert page.locator("img").count() == 0
    assert "{{ 7*7 }}" in page.locator(".claim.accused").inner_text()
    assert "⟨U+202E⟩" in page.locator(".claim.accused").inner_text()
    assert "⟨U+001B⟩" in page.locator(".claim.accused").inner_text()


def test_the_real_output_stands_beside_the_recorded_one() -> None:
    page = render_audit(make_audit("recorded", "said"))
    row = page[page.index('class="row reworded"') :].partition("</div>\n          </div>")[0]
    assert "recorded" in row
    assert "real" in row


def test_a_long_session_is_shown_where_it_matters() -> None:
    page = render_audit(make_audit("printed", "said", events_between=MAX_EVENTS + 500))
    assert len(page) < 200_000
    assert "events left out, without a claim or evidence" in page
    assert page.count('class="claimed accused"') == 1
    assert 'id="s1e0l1"' in page


def test_html_writes_the_page_and_over_nothing_else(gedanken: Cli, tmp_path: Path) -> None:
    path = write_session(tmp_path / "s.jsonl", ANSWER)
    assert gedanken("audit", path, "--html", "audit.html", "--json").returncode == 0
    assert "The record does not contradict" in (tmp_path / "audit.html").read_text()
    assert gedanken("audit", path, "--html", path).returncode == 2
    assert json.loads(path.read_text().splitlines()[0])
