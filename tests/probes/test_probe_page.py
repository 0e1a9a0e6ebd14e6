"""The page of a probe in Chromium: curves, pairs of programs, posterior probabilities, questions and answers."""

import re
from pathlib import Path
from typing import Any

import pytest
from browser_page import open_file
from test_verdict_command import OPERATIONS, MakeProbe, asked  # noqa: F401 (a fixture)

from gedanken.agents.players.player import Player
from gedanken.analysis.probe_verdict import verdict_of
from gedanken.records.read_run import read_run
from gedanken.report.probe_page import probed_model, render_probes

pytestmark = pytest.mark.browser
TAKES_SHORTCUTS = Player(("shortcut",), 0.1)


def open_page(browser: Any, folder: Path, width: int = 1400, scheme: str = "light") -> Any:
    log, file = read_run(folder), folder / "page.html"
    file.write_text(render_probes([probed_model(log, verdict_of(log, resamples=4))]), encoding="utf-8")
    return open_file(browser, file, width, scheme)


@pytest.mark.parametrize("width", [390, 1400])
def test_from_the_verdict_to_what_was_asked_and_answered(browser: Any, asked: MakeProbe, width: int) -> None:  # noqa: F811
    page = open_page(browser, asked(TAKES_SHORTCUTS), width)
    assert "shortcut" in page.locator("header .verdict").inner_text()
    page.locator(".posterior").get_by_role("link", name="closed form").click()
    section = page.locator("section:target")
    assert section.locator("figure svg path").count() > 10
    pair = section.locator("details").filter(has_text=re.compile("easy right, hard rival")).first
    assert not pair.locator("pre").first.is_visible()
    pair.locator("summary").click()
    easy, hard = pair.locator(".two > div").all()
    assert easy.inner_text().startswith("easy: right") and hard.inner_text().startswith("hard: rival")
    assert "print(" in hard.locator("pre").inner_text()
    answers_by_label = dict(
        zip(hard.locator("dt").all_inner_texts(), hard.locator("dd").all_inner_texts(), strict=True)
    )
    assert (
        answers_by_label["Answered"].strip()
        == answers_by_label["Its rival prints"].strip()
        != answers_by_label["Really printed"].strip()
    )
    is_side_by_side = easy.bounding_box()["y"] == hard.bounding_box()["y"]
    assert is_side_by_side == (width > 1000)
    assert page.troubles == []


def test_every_share_and_horizon_has_its_interval(browser: Any, asked: MakeProbe) -> None:  # noqa: F811
    page = open_page(browser, asked(TAKES_SHORTCUTS))
    rows = page.locator(".posterior tbody tr").all()
    assert len(rows) == 1 + len(OPERATIONS)
    for row in rows:
        shares = row.locator("td.n").all_inner_texts()
        assert len(shares) == 5 and all(re.search(r"\d to .?.?\.?\d", share) for share in shares)
    for row in rows[1:]:
        assert all(" to " in row.locator(f"[data-l={shape}]").inner_text() for shape in ("logistic", "Weibull"))


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1600])
def test_it_fits_its_width_and_nothing_is_too_pale(
    browser: Any,
    asked: MakeProbe,  # noqa: F811
    width: int,
    scheme: str,
) -> None:
    from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]

    page = open_page(browser, asked(TAKES_SHORTCUTS), width, scheme)
    page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    violations = Axe().run(page).response["violations"]
    assert [(violation["id"], violation["nodes"][0]["html"][:120]) for violation in violations] == []


def test_what_a_model_said_is_shown_and_not_obeyed(browser: Any, asked: MakeProbe) -> None:  # noqa: F811
    folder = asked(Player(("computes",)), told="<img src=x onerror=alert(1)>" + "w" * 300)
    page = open_page(browser, folder, 360)
    page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
    assert page.locator("img").count() == 0 and page.troubles == []
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
