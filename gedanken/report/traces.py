"""Formats a trace as a tree for a terminal, with name, duration, tokens and error of each entry."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from gedanken.experiment.counts import format_count
from gedanken.experiment.escaping import harmless
from gedanken.experiment.format import format_duration
from gedanken.traces.cleaning import LEFT_OUT, attempt_of
from gedanken.traces.run_tree import TracedRun

if TYPE_CHECKING:
    from rich.text import Text

MAX_CHARACTERS = 80
"""Maximum number of characters shown of a command or an error."""
_STYLES = {"chain": "cyan", "tool": "green", "llm": "magenta"}


def tree_lines(roots: Sequence[TracedRun]) -> "Iterator[Text]":
    """Yield one line for each entry of a trace, with its children indented below it."""
    for root in roots:
        stack: list[tuple[TracedRun, int]] = [(root, 0)]
        while stack:
            run, depth = stack.pop()
            yield _format_entry(run, depth)
            stack += [(child, depth + 1) for child in reversed(run.children)]


def total_line(roots: Sequence[TracedRun]) -> str:
    """Return a line with the number of entries, their tokens, and how many entries failed or are unfinished."""
    runs = [run for root in roots for run in root.walk()]
    tokens = [run.tokens for run in runs]
    read, written = (sum(pair[index] for pair in tokens) for index in (0, 1))
    parts = [format_count(len(runs), "run"), f"{read:,} tokens read, {written:,} written"]
    failed, unfinished = sum(bool(run.error) for run in runs), sum(run.end is None for run in runs)
    parts += [format_count(failed, "error")] if failed else []
    parts += [f"{unfinished:,} still open"] if unfinished else []
    parts += [describe_missing_entries(roots)] if describe_missing_entries(roots) else []
    return "; ".join(parts)


def describe_missing_entries(roots: Sequence[TracedRun]) -> str:
    """Say how many entries are missing because they did not fit into the trace file; empty if none are missing."""
    counts = [root.metadata.get(LEFT_OUT) for root in roots]
    total = sum(count for count in counts if isinstance(count, int) and count > 0)
    return (
        f"{format_count(total, 'more run was', 'more runs were')} left out, because the trace was full"
        if total
        else ""
    )


def as_values(run: TracedRun) -> dict[str, Any]:
    """Return one entry of a trace, and all entries below it, as plain values."""
    read, written = run.tokens
    return {
        "id": run.id,
        "name": run.name,
        "run_type": run.run_type,
        "start": run.start.isoformat() if run.start else None,
        "seconds": run.seconds,
        "first_token": run.seconds_to_first_token,
        "tokens_read": read,
        "tokens_written": written,
        "error": run.error,
        "metadata": run.metadata,
        "children": [as_values(child) for child in run.children],
    }


def _format_entry(run: TracedRun, depth: int) -> "Text":
    from rich.text import Text

    line = Text("  " * min(depth, 20), no_wrap=True, overflow="ellipsis")
    line.append(f"{run.run_type or '?'} ", style=_STYLES.get(run.run_type, "dim"))
    line.append(harmless(run.name)[:MAX_CHARACTERS], style="bold")
    line.append(_describe_origin(run, depth))
    line.append(f"  {format_duration(run.seconds)}" if run.seconds is not None else "  open", style="dim")
    read, written = run.tokens
    if read or written:
        line.append(f", {read:,} + {written:,} tokens", style="dim")
    if (first := run.seconds_to_first_token) is not None:
        line.append(f", first token after {first:.1f} s", style="dim")
    if run.error:
        line.append(f"  {harmless(' '.join(run.error.split()))[:MAX_CHARACTERS]}", style="red")
    return line


def _describe_origin(run: TracedRun, depth: int) -> str:
    metadata = run.metadata
    command = run.fields.get("inputs", {}).get("command") if isinstance(run.fields.get("inputs"), dict) else None
    number = {"real": ("seed", "gedanken_seed"), "imagined": ("sample", "gedanken_sample")}
    parts = []
    if run.run_type == "tool":
        if isinstance(command, str):
            parts.append(f"$ {harmless(' '.join(command.split()))[:MAX_CHARACTERS]}")
        outcome = run.outcome
        origin = metadata.get("gedanken_origin")
        if origin in number:
            number_name, key = number[origin]
            parts.append(f"{origin}, {number_name} {metadata.get(key, '?')}")
        if outcome.get("from_ledger") is True:
            parts.append("from the ledger")
    # a step of a resumed run
    if depth == 1 and (attempt := attempt_of(run.fields)) > 1:
        parts.append(f"process {attempt}")
    return f" {', '.join(parts)}" if parts else ""
