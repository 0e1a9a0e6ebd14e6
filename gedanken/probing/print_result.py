"""Prints the result of a probe of small programs, or of a suite, for a person."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from gedanken.experiment.escaping import harmless

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

PROBLEMS_SHOWN = 20


def print_result(result: dict[str, Any], console: "Console") -> None:
    """Print how many answers are right, by operation and size, how consistent the answers are, and what was not
    scored.
    """
    from rich.text import Text

    for arm in dict.fromkeys(cell["arm"] for cell in result.get("cells", ())):
        if arm in ("direct", "steps", "forced"):
            console.print(_table(arm, [cell for cell in result["cells"] if cell["arm"] == arm]))
    for name, share in result.get("consistency", {}).items():
        if share["trials"]:
            console.print(
                Text(f"{name}: {share['successes']} of {share['trials']} questions got the same answer twice")
            )
    for row in result.get("reasoning", ()):
        text = f"size {row['size']}: {row['tokens']:.0f} tokens of reasoning on average"
        console.print(Text(f"{text}; right answers: {row['right']:.0%}"))
    if contradicted := result.get("contradicted"):
        lines = ", ".join(str(problem["line"]) for problem in contradicted[:PROBLEMS_SHOWN])
        text = f"{contradicted[0]['problem']}; answers are still scored by the stated output; suite lines: {lines}"
        more_lines = f" and {len(contradicted) - PROBLEMS_SHOWN} more" if len(contradicted) > PROBLEMS_SHOWN else ""
        console.print(Text(f"{text}{more_lines}", style="yellow"), soft_wrap=True)
    for problem in result["not_scored"][:PROBLEMS_SHOWN]:
        location = f"line {problem['line']}" if "line" in problem else problem["item"]
        console.print(Text(harmless(f"not scored: {location}: {problem['problem']}"), style="yellow"), soft_wrap=True)
    if (more_count := len(result["not_scored"]) - PROBLEMS_SHOWN) > 0:
        console.print(Text(f"… and {more_count} more that are not scored", style="dim"))
    for note in result.get("notes", ()):
        console.print(Text(harmless(note), style="yellow"), soft_wrap=True)
    outcome_counts = ", ".join(f"{name} {count}" for name, count in result["outcomes"].items())
    console.print(Text(f"answers: {outcome_counts or 'none'}"))
    console.print(Text(_format_total(result), style="bold"))


def _format_total(result: dict[str, Any]) -> str:
    if result["exact"] is None:
        return "nothing could be scored"
    low, high = result["interval"]
    inputs = ", whose inputs were predicted" if result.get("predicts") == "input" else ""
    return (
        f"right answers: {result['exact']:.1%} (95 % interval {low:.1%} to {high:.1%}), {result['n']} items{inputs}"
    )


def _table(arm: str, cells: Sequence[dict[str, Any]]) -> "Table":
    """Build the table of right answers in one arm, with rows for operation and role, and columns for sizes."""
    from rich.box import SIMPLE
    from rich.table import Table
    from rich.text import Text

    sizes = sorted({cell["size"] for cell in cells})
    table = Table(title=Text(f"{arm}: right answers, by number of operations"), title_justify="left", box=SIMPLE)
    for header in ("operation", "role", *map(str, sizes)):
        table.add_column(header)
    for operation, role in dict.fromkeys((cell["operation"], cell["role"]) for cell in cells):
        cells_by_size = {
            cell["size"]: cell for cell in cells if (cell["operation"], cell["role"]) == (operation, role)
        }
        table.add_row(Text(operation), role, *(_format_cell(cells_by_size.get(size)) for size in sizes))
    return table


def _format_cell(cell: dict[str, Any] | None) -> str:
    if cell is None:
        return ""
    return f"{cell['outcomes'].get('right', 0)} of {sum(cell['outcomes'].values())}"
