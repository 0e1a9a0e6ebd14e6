"""Writes the table in docs/models.md from the behaviors. Run as `cd tests && python -m providers.table`."""

from collections.abc import Iterable, Iterator
from itertools import groupby
from pathlib import Path

from gedanken.experiment.execution import Cause
from providers.behaviour import Behaviour
from providers.endings import ENDINGS
from providers.errors import ERRORS
from providers.pauses import PAUSES
from providers.settings import SETTINGS
from providers.texts import TEXTS
from providers.wordings import WORDINGS

BEHAVIOURS = [*ENDINGS, *SETTINGS, *ERRORS, *TEXTS, *PAUSES, *WORDINGS]
PAGE = Path(__file__).parent.parent.parent / "docs" / "models.md"
BEGIN, END = "<!-- out of tests/providers: begin -->\n", "<!-- end -->\n"
_LIMITS = {
    "first": "no first piece",
    "between": "no further piece",
    "total": "no end of the whole reply",
    "connect": "no connection",
}


def table(behaviours: Iterable[Behaviour]) -> Iterator[str]:
    """Lines of Markdown: one table for each provider."""
    order = list(dict.fromkeys(behaviour.provider for behaviour in behaviours))
    ordered = sorted(behaviours, key=lambda behaviour: order.index(behaviour.provider))
    for provider, group in groupby(ordered, key=lambda behaviour: behaviour.provider):
        yield from ("", f"**{provider}**", "", "| the server … | what comes of it |", "|---|---|")
        yield from (f"| {behaviour.does} | {outcome_in_words(behaviour)} |" for behaviour in group)


def outcome_in_words(behaviour: Behaviour) -> str:
    """A description of what must result from a behavior."""
    return "; ".join([_outcome(behaviour), *_details(behaviour)])


def _outcome(behaviour: Behaviour) -> str:
    if behaviour.gives == "final":
        return "no model: one line, not asked again"
    if behaviour.gives == "busy":
        timeout = f": {_LIMITS[behaviour.limit]} in time" if behaviour.limit else ""
        return f"no reply yet{timeout}: one line, may be asked again"
    return {Cause.FINISHED: "a reply", Cause.CUT: "a reply that was cut"}.get(
        behaviour.gives, f"no run: *{behaviour.gives}*"
    )


def _details(behaviour: Behaviour) -> Iterator[str]:
    if behaviour.retry_after is not None:
        yield f"after {behaviour.retry_after:g} s"
    if behaviour.reasons:
        yield "its reasoning stands beside the reply"
    if behaviour.default:
        yield f"the model's own {', '.join(f'`{name}`' for name in behaviour.default)}, and the result says so"
    for path, value in behaviour.sent.items():
        if path != "empty":
            yield f"`{path}` is not sent" if value is None else f"sent `{path}: {value}`"


def fill_table(page: str) -> str:
    """The page with its table updated."""
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    lines = [f"{len(BEHAVIOURS)} behaviours.", *table(BEHAVIOURS), ""]
    return before + BEGIN + "\n".join(lines) + "\n" + END + after


if __name__ == "__main__":
    PAGE.write_text(fill_table(PAGE.read_text()))
