"""Builds the timeline of a run: its trace as rows with bars, linked to the findings."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from markupsafe import Markup

from gedanken.experiment.counts import format_count
from gedanken.experiment.format import format_duration, truncate
from gedanken.report.anchors import Anchors, ShownFinding
from gedanken.report.traces import describe_missing_entries
from gedanken.traces.cleaning import WAITED, attempt_of
from gedanken.traces.run_tree import TracedRun

ROWS_SHOWN = 400
WIDTH = 1000
MIN_BAR_WIDTH = 3
"""Minimum width of a bar, in the units of `WIDTH`, so that very short entries are visible."""
MAX_DEPTH = 3
_FILLS = {"real": "var(--real)", "imagined": "var(--imagined)", "": "var(--quiet)"}


class Row(NamedTuple):
    """One entry of the trace: a step, a command on the real or the imagined machine, or a model request."""

    place: str
    kind: str
    depth: int
    world: str
    """`real` or `imagined` if the command or request belongs to one of the two machines; otherwise empty."""
    name: str
    who: str
    start: str
    """Time at which the entry starts, counted from the start of the process that made the entry."""
    took: str
    more: tuple[str, ...]
    """Further facts: tokens, time to the first token, waiting time."""
    error: str
    picture: Markup
    findings: tuple[ShownFinding, ...]


@dataclass(frozen=True, slots=True)
class Timeline:
    """The contents of the page's section on the trace."""

    rows: tuple[Row, ...]
    left_out: int
    total: tuple[str, ...]
    of_findings: dict[str, tuple[Row, ...]]
    """Maps the id of a finding to the commands whose output the finding refers to."""


class _Axis:
    """Time axis from left to right: the processes that worked on the run, without the pauses between them."""

    def __init__(self, runs: Sequence[TracedRun]) -> None:
        times: dict[int, list[datetime]] = defaultdict(list)
        for run in runs:
            times[attempt_of(run.fields)] += [time for time in (run.start, run.end) if time]
        self._starts: dict[int, tuple[datetime, float]] = {}
        self.seconds = 0.0
        for attempt in sorted(times):
            first, last = min(times[attempt]), max(times[attempt])
            self._starts[attempt] = first, self.seconds
            self.seconds += (last - first).total_seconds()

    def since(self, run: TracedRun, time: datetime) -> float:
        """Return the seconds from the start of the process that recorded `run` to `time`."""
        return (time - self._starts[attempt_of(run.fields)][0]).total_seconds()

    def at(self, run: TracedRun, time: datetime) -> float:
        """Return the position of `time` on the axis, from 0 to `WIDTH`. `time` must be within the process that
        recorded `run`.
        """
        seconds = self._starts[attempt_of(run.fields)][1] + self.since(run, time)
        return min(max(seconds / (self.seconds or 1), 0), 1) * WIDTH


def timeline_of(roots: Sequence[TracedRun], anchors: Anchors) -> Timeline | None:
    """Return the timeline of a trace; None if the trace has no entries."""
    tree = [(run, depth) for root in roots for child in root.children for run, depth in _walk(child) if run.start]
    if not tree:
        return None
    runs = [run for run, _depth in tree]
    axis, findings_by_label = _Axis(runs), _findings_by_label(anchors)
    shown_entries = tree[:ROWS_SHOWN]
    rows = tuple(
        _make_row(number, run, depth, axis, findings_by_label)
        for number, (run, depth) in enumerate(shown_entries, start=1)
    )
    of_findings: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        for finding in row.findings:
            of_findings[finding.place].append(row)
    left_out_text = describe_missing_entries(roots)
    total = (*_format_totals(runs, axis), *([left_out_text] if left_out_text else []))
    return Timeline(
        rows,
        len(tree) - len(shown_entries),
        total,
        {finding_id: tuple(finding_rows) for finding_id, finding_rows in of_findings.items()},
    )


def _walk(run: TracedRun) -> list[tuple[TracedRun, int]]:
    entries, stack = [], [(run, 0)]
    while stack:
        entry, depth = stack.pop()
        entries.append((entry, depth))
        stack += [(child, min(depth + 1, MAX_DEPTH)) for child in reversed(entry.children)]
    return entries


def _findings_by_label(anchors: Anchors) -> dict[str, list[ShownFinding]]:
    by_label: dict[str, list[ShownFinding]] = defaultdict(list)
    for finding in anchors.findings:
        for label in dict.fromkeys(ref.source for ref in finding.finding.evidence):
            by_label[label].append(finding)
    return by_label


def _make_row(
    number: int, run: TracedRun, depth: int, axis: _Axis, findings_by_label: dict[str, list[ShownFinding]]
) -> Row:
    assert run.start
    origin = run.metadata.get("gedanken_origin")
    world = str(origin) if run.run_type != "chain" and origin in ("real", "imagined") else ""
    path = run.outcome.get("path")
    label = path.removeprefix("outputs/").removesuffix(".txt") if isinstance(path, str) else ""
    return Row(
        f"t{number}",
        run.run_type if run.run_type in ("chain", "tool", "llm") else "other",
        depth,
        world,
        _entry_name(run),
        _describe_origin(run, depth),
        format_duration(max(0.0, axis.since(run, run.start))),
        format_duration(run.seconds) if run.seconds is not None and run.seconds >= 0 else "open",
        tuple(_further_facts(run)),
        truncate(" ".join((run.error or "").split()), 160),
        _draw_bar(run, world, axis),
        tuple(findings_by_label.get(label, ())) if label else (),
    )


def _entry_name(run: TracedRun) -> str:
    inputs = run.fields.get("inputs")
    command = inputs.get("command") if isinstance(inputs, dict) else None
    if run.run_type == "tool" and isinstance(command, str):
        return truncate(f"$ {' '.join(command.split())}", 80)
    return truncate(run.name, 80)


def _describe_origin(run: TracedRun, depth: int) -> str:
    metadata = run.metadata
    parts = []
    if run.run_type == "tool":
        for name in ("seed", "sample"):
            if isinstance(number := metadata.get(f"gedanken_{name}"), int):
                parts.append(f"{metadata.get('gedanken_origin')}, {name} {number}")
        if run.outcome.get("from_ledger") is True:
            parts.append("from the ledger")
    if not depth and (attempt := attempt_of(run.fields)) > 1:
        parts.append(f"process {attempt}")
    return ", ".join(parts)


def _further_facts(run: TracedRun) -> list[str]:
    read, written = run.tokens
    parts = [f"{read:,} + {written:,} tokens"] if read or written else []
    if (first := run.seconds_to_first_token) is not None and first >= 0:
        parts.append(f"first token after {format_duration(first)}")
    if wait := _wait_seconds(run):
        parts.append(f"waited {format_duration(wait)} for cores")
    return parts


def _wait_seconds(run: TracedRun) -> float:
    seconds = run.metadata.get(WAITED) if run.run_type == "tool" else None
    return min(float(seconds), 1e9) if isinstance(seconds, int | float) and seconds > 0 else 0.0


def _draw_bar(run: TracedRun, world: str, axis: _Axis) -> Markup:
    assert run.start
    left = axis.at(run, run.start)
    right = max(axis.at(run, run.end) if run.end else WIDTH, left + MIN_BAR_WIDTH)
    left = min(left, WIDTH - MIN_BAR_WIDTH)
    wait_width = _wait_seconds(run) / (axis.seconds or 1) * WIDTH
    fill = _FILLS[world]
    height, top = (4, 4) if run.run_type == "chain" else (10, 1)
    parts = [
        f'<rect x="{left:.1f}" y="{top}" width="{min(right, WIDTH) - left:.1f}" height="{height}" fill="{fill}"/>'
    ]
    if wait_width:
        start = max(0.0, left - wait_width)
        parts.insert(
            0,
            f'<rect x="{start:.1f}" y="5" width="{left - start:.1f}" height="2" fill="{fill}" fill-opacity=".5"/>',
        )
    frame = f'viewBox="0 0 {WIDTH} 12" preserveAspectRatio="none" aria-hidden="true"'
    return Markup(f'<svg class="span" {frame}>{"".join(parts)}</svg>')


def _format_totals(runs: Sequence[TracedRun], axis: _Axis) -> tuple[str, ...]:
    new_commands = [run for run in runs if run.run_type == "tool" and run.outcome.get("from_ledger") is not True]
    parts = [format_duration(axis.seconds)]
    for world in ("real", "imagined"):
        commands = [run for run in new_commands if run.metadata.get("gedanken_origin") == world]
        parts += (
            [
                f"{format_count(len(commands), f'{world} command')}, "
                f"{format_duration(sum(run.seconds or 0 for run in commands))}"
            ]
            if commands
            else []
        )
    requests = [run for run in runs if run.run_type == "llm"]
    read, written = (sum(run.tokens[index] for run in requests) for index in (0, 1))
    parts += [
        format_count(len(requests), "request") + (f", {read:,} + {written:,} tokens" if read or written else "")
    ]
    if wait := sum(_wait_seconds(run) for run in runs):
        parts.append(f"{format_duration(wait)} of waiting for cores")
    return tuple(parts)
