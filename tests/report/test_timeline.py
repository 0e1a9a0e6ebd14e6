"""The timeline of the report: what was done when, linked to the findings in both directions."""

import json
import re
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from pages import make_analysis, text
from trace_entries import LINES, tool, trace

from gedanken.report.anchors import find_anchors
from gedanken.report.page import render
from gedanken.report.timeline import ROWS_SHOWN, timeline_of
from gedanken.traces.run_tree import read_tree

REAL, IMAGINED = ["loss 1.0", "loss 0.5", "done"], ["loss 1.0", "and so on", "done"]


def test_a_finding_leads_to_the_command_it_is_of_and_back() -> None:
    analysis = make_analysis(text(REAL), text(IMAGINED))
    label = analysis.findings[0].evidence[0].source
    page = render(
        analysis, trace(tool("python3 train.py", "10:00:10", "10:00:20", label, origin="imagined", sample=1))
    )
    (place,) = re.findall(r'When it ran: <a href="#(t\d+)">imagined, sample 1</a>', page)
    row = page[page.index(f'<tr id="{place}"') :].partition("</tr>")[0]
    assert '<a href="#f1"' in row and "python3 train.py" in row and "10.0 s" in row
    assert '<a href="#timeline">' in page


def test_a_bar_stands_where_the_command_ran_and_waiting_is_no_part_of_it() -> None:
    traced_runs = trace(tool("ls", "10:00:50", "10:01:15", origin="real", seed=2, waited=25.0))
    timeline = timeline_of(traced_runs, find_anchors(make_analysis()))
    assert timeline
    row = timeline.rows[1]
    bars = re.findall(r'x="([\d.]+)" y="\d+" width="([\d.]+)"', row.picture)
    assert bars == [("250.0", "250.0"), ("500.0", "250.0")]
    assert row.took == "25.0 s" and any("waited 25.0 s for cores" in detail for detail in row.more)
    assert "1 real command, 25.0 s" in timeline.total


def test_processes_stand_one_after_the_other_without_the_days_between() -> None:
    first_process = tool("first", "10:00:00", "10:01:40", origin="real", seed=0, attempt=1)
    second_process = tool("other", "23:00:00", "23:01:40", origin="real", seed=1, attempt=2)
    timeline = timeline_of(trace(first_process, second_process), find_anchors(make_analysis()))
    assert timeline and timeline.total[0] == "3 min 20 s"
    assert 'x="500.0"' in timeline.rows[2].picture and timeline.rows[2].start == "0.0 s"


def test_what_never_ended_says_that_it_is_open() -> None:
    timeline = timeline_of(trace(tool("ls", "10:00:50", None, origin="real")), find_anchors(make_analysis()))
    assert timeline and timeline.rows[1].took == "open"


def test_a_comparison_without_a_trace_has_no_timeline() -> None:
    assert "#timeline" not in render(make_analysis())
    assert timeline_of([], find_anchors(make_analysis())) is None


def test_a_long_trace_is_cut_and_the_page_says_so() -> None:
    commands = [tool(f"command {number}", "10:00:10", "10:00:20") for number in range(ROWS_SHOWN + 9)]
    page = render(make_analysis(), trace(*commands))
    assert page.count('<tr id="t') == ROWS_SHOWN and "10 further rows, left out here" in page


def test_what_a_trace_says_is_shown_and_never_obeyed() -> None:
    hostile_text = "</code></th><script>alert(1)</script>\x1b[2J\u202e"
    run = {
        **tool("x", "10:00:10", "10:00:20"),
        "inputs": {"command": hostile_text},
        "error": hostile_text,
        "name": hostile_text,
    }
    page = render(make_analysis(), trace(run))
    assert "<script>alert" not in page and "\x1b" not in page and "\u202e" not in page


@given(LINES, st.booleans())
def test_whatever_a_trace_holds_there_is_a_timeline_or_none(
    lines: list[tuple[str, dict[str, Any]]], below: bool
) -> None:
    written = [json.dumps({kind: {**fields, "parent_run_id": "a"} if below else fields}) for kind, fields in lines]
    timeline = timeline_of(read_tree(line.encode() for line in written), find_anchors(make_analysis()))
    assert timeline is None or timeline.total
