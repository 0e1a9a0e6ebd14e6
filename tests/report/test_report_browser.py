"""The report in Chromium: keyboard, links, width, contrast, and hostile text."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from browser_page import open_file
from pages import IMAGINED, REAL, make_analysis, text
from test_report import hostile_analysis
from trace_entries import tool, trace

from gedanken.analysis.analysis import Analysis
from gedanken.report.page import render
from gedanken.traces.run_tree import TracedRun

pytestmark = pytest.mark.browser

SCHEMES = ("light", "dark")
WIDTHS = (360, 1600)
REAL_LINES = [f"step {number}: loss {1 / number:.4f}" for number in range(1, 301)]
IMAGINED_LINES = [*REAL_LINES[:200], "and so on", *REAL_LINES[200:279]]
OpenPage = Callable[..., Any]
Traced = Sequence[TracedRun]


@pytest.fixture
def open_page(browser: Any, tmp_path: Path) -> OpenPage:
    """A function that opens the report of an analysis in the browser."""

    def call(
        analysis: Analysis, width: int = 1600, scheme: str = "light", *, script: bool = True, trace: Traced = ()
    ) -> Any:
        file = tmp_path / "report.html"
        file.write_text(render(analysis, trace), encoding="utf-8")
        return open_file(browser, file, width, scheme, script)

    return call


def is_visible(page: Any, selector: str) -> bool:
    bounds = page.locator(selector).first.bounding_box()
    return bool(bounds and bounds["height"] > 0 and 0 <= bounds["y"] <= 800 - bounds["height"])


@pytest.mark.parametrize("width", WIDTHS)
def test_d_jumps_to_the_first_divergence_and_n_and_p_from_difference_to_difference(
    open_page: OpenPage, width: int
) -> None:
    page = open_page(make_analysis(text(REAL_LINES), text(IMAGINED_LINES)), width)
    page.keyboard.press("d")
    assert is_visible(page, ".row:focus")
    assert page.locator(".row:focus .imagined code").inner_text() == "and so on"
    page.keyboard.press("n")
    assert page.locator(".row:focus .real code").inner_text() == REAL_LINES[279]
    page.keyboard.press("p")
    assert page.locator(".row:focus .imagined code").inner_text() == "and so on"
    page.keyboard.press("?")
    assert page.locator("dialog").is_visible()
    page.keyboard.press("Escape")
    assert not page.locator("dialog").is_visible()
    assert page.troubles == []


@pytest.mark.parametrize("script", [True, False])
def test_links_lead_to_the_first_divergence_and_to_the_lines_of_a_finding(open_page: OpenPage, script: bool) -> None:
    page = open_page(make_analysis(text(REAL_LINES), text(IMAGINED_LINES)), script=script)
    page.get_by_role("link", name="Jump to the first difference").click()
    assert is_visible(page, ".cell:target")
    assert "and so on" in page.locator(".diverges").inner_text()
    for link in page.locator(".pointers a").all():
        link.click()
        number = link.inner_text().rsplit(" ", 1)[1]
        assert is_visible(page, ":target")
        assert page.locator(":target .no").inner_text().split()[-1] == number
        page.locator(":target .backs a").first.click()
        assert is_visible(page, ".findings > li:target")


@pytest.mark.parametrize("width", WIDTHS)
def test_a_finding_opens_the_timeline_where_it_ran_and_the_row_leads_back(open_page: OpenPage, width: int) -> None:
    analysis = make_analysis(text(REAL), text(IMAGINED))
    traced_call = tool(
        "python3 train.py", "10:00:10", "10:00:20", analysis.findings[0].evidence[0].source, origin="real", seed=1
    )
    page = open_page(analysis, width, trace=trace(traced_call))
    assert not page.locator("#timeline table").is_visible()
    page.locator(".findings .ran a").first.click()
    assert is_visible(page, "tr:target .span")
    page.locator("tr:target .backs a").first.click()
    assert is_visible(page, ".findings > li:target")
    assert page.troubles == []


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("width", WIDTHS)
def test_it_has_no_serious_fault_of_accessibility_and_fits_its_width(
    open_page: OpenPage, width: int, scheme: str
) -> None:
    from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]

    page = open_page(make_analysis(), width, scheme, trace=trace(tool("python3 train.py", "10:00:10", "10:00:20")))
    page.evaluate("document.querySelector('#timeline details').open = true")
    violations = Axe().run(page).response["violations"]
    serious_violations = [
        f"{violation['id']}: {violation['nodes'][0]['html']}"
        for violation in violations
        if violation["impact"] in ("serious", "critical")
    ]
    assert serious_violations == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("width", WIDTHS)
def test_what_is_hostile_opens_nothing_asks_for_nothing_and_makes_no_element(open_page: OpenPage, width: int) -> None:
    page = open_page(hostile_analysis(), width)
    page.keyboard.press("d")
    assert page.troubles == []
    assert page.locator("img, iframe, object, embed, link, base").count() == 0
    assert page.locator("script").count() == 1
    assert page.locator("[onload], [onerror], [style], a[href^='javascript']").count() == 0
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.get_by_text("$\\frac{").count() > 0


def test_the_outputs_stand_beside_each_other_where_there_is_room_and_below_where_there_is_none(
    open_page: OpenPage,
) -> None:
    for width, is_side_by_side in ((1600, True), (360, False)):
        page = open_page(make_analysis(text(REAL), text(IMAGINED)), width)
        row = page.locator(".row.diverges")
        real_box, imagined_box = (row.locator(f".{side}").bounding_box() for side in ("real", "imagined"))
        assert (real_box["y"] == imagined_box["y"]) is is_side_by_side
