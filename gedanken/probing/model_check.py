"""Asks the questions of `gedanken models check`, and gives the results for a person or as plain values."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from gedanken.agents.model_check import Fact, ModelCheck, check_model
from gedanken.agents.prices import TABLE_VARIABLE, price_of
from gedanken.agents.registry import open_model
from gedanken.experiment.counts import format_count
from gedanken.experiment.escaping import harmless
from gedanken.experiment.run_spec import ModelSpec
from gedanken.terminal.screen import Screen

if TYPE_CHECKING:
    from rich.console import Console


NO_PRICE = (
    f"the model is in no price table; to state its price, set {TABLE_VARIABLE} to the path of your own price table"
)


async def ask(spec: ModelSpec, screen: Screen) -> ModelCheck:
    """Open the model and ask it the questions of the check. Raises BadInput or NoModel."""
    price = price_of(spec)
    async with open_model(spec, screen) as model:
        checked = await check_model(model, screen)
    price_text = f"${price.read:g} / ${price.written:g}" if price else "unknown price"
    source = f"for a million tokens read / written, according to {price.source}" if price else NO_PRICE
    checked.facts.append(Fact("price", price_text, source))
    return checked


def as_values(checked: ModelCheck) -> dict[str, Any]:
    """Return all results as plain values for JSON."""
    return {
        "model": checked.model,
        "usable": not checked.unusable,
        "why_not": checked.unusable or None,
        "facts": [asdict(fact) for fact in checked.facts],
        "questions": checked.asked,
        "tokens_about": checked.tokens,
    }


def print_checked(checked: ModelCheck, console: "Console") -> None:
    """Print one line for each fact about the model."""
    from rich.table import Table
    from rich.text import Text

    table = Table.grid(padding=(0, 2))
    for fact in checked.facts:
        cells = (fact.name, fact.answer, fact.detail)
        table.add_row(*(Text(harmless(" ".join(cell.split()))[:200]) for cell in cells))
    console.print(table)
    console.print(Text(f"{format_count(checked.asked, 'question')}, about {checked.tokens} tokens"))
