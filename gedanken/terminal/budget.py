"""Estimates what a run will use before it starts, and enforces the time limit of its budget."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from gedanken.experiment.budget import Budget, Price
from gedanken.experiment.run_spec import RunSpec
from gedanken.records.budget_meter import OVERTIME_FRACTION
from gedanken.terminal.interrupts import Drains
from gedanken.terminal.run_plan import plan_steps

PROMPT_TOKENS_PER_REQUEST = 600
"""Approximate number of tokens in a request for the persona and the typed text. Earlier replies in the request are
not included.
"""


def estimate_usage(spec: RunSpec, price: Price | None) -> str:
    """Return one line with an upper estimate of a run's usage. It assumes that no program has to be written twice."""
    steps = plan_steps(spec.experiment, spec.real, spec.imagined, spec.simulate)
    replies = sum(step.pieces[kind] for step in steps for kind in ("boot answer", "write", "answer", "sample"))
    written = replies * spec.experiment.limits.reply_tokens
    read = replies * PROMPT_TOKENS_PER_REQUEST + written * len(spec.experiment.script) // 2
    cost = f", ${price.of(read, written):.2f}" if price else ", unknown price"
    return (
        f"estimated before the start: {replies} requests, at most about {read + written:,} tokens{cost}, if every "
        f"reply is as long as allowed; the budget is {limits_in_words(spec.budget)}"
    )


def limits_in_words(budget: Budget) -> str:
    """Return the limits that are set, in one line."""
    return ", ".join(f"{name} {limit:,.6g}" for name, limit in budget.limits.items() if limit is not None)


@contextmanager
def enforce_minutes(control: Drains, seconds_left: float | None, budget: Budget) -> Iterator[None]:
    """When the minutes of the budget are over, start nothing new. After another tenth of that time, stop the running
    work.
    """
    task = asyncio.current_task()
    if seconds_left is None or budget.minutes is None or task is None:
        yield
        return
    loop = asyncio.get_running_loop()
    timers = (
        loop.call_later(max(0.0, seconds_left), control.request_drain, "the budget is used up"),
        loop.call_later(max(0.0, seconds_left + OVERTIME_FRACTION * 60 * budget.minutes), task.cancel),
    )
    try:
        yield
    finally:
        for timer in timers:
            timer.cancel()
