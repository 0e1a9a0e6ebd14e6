"""Data types for a run's budget, its usage so far, and the price of its tokens."""

import re
from decimal import Decimal
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict, Field

from gedanken.experiment.errors import BadInput

MIN_LIMIT = Decimal("1e-9")
MAX_LIMIT = 10**15
"""The largest limit that may be set; a larger one is certainly a typing error."""
_NUMBER = re.compile(r"(?P<number>[0-9]+(?:\.[0-9]+)?)(?P<unit>[kKM]?)")
_UNITS = {"": 1, "k": 1_000, "K": 1_000, "M": 1_000_000}


class Budget(BaseModel):
    """The most that a run may use, summed over all processes that worked on the run. A field that is None sets no
    limit.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    usd: float | None = Field(default=None, gt=0, le=MAX_LIMIT)
    tokens: int | None = Field(default=None, gt=0, le=MAX_LIMIT)
    minutes: float | None = Field(default=None, gt=0, le=MAX_LIMIT)
    gpu_seconds: float | None = Field(default=None, gt=0, le=MAX_LIMIT)

    def __bool__(self) -> bool:
        """Return True if at least one limit is set."""
        return any(limit is not None for limit in self.limits.values())

    def dropped_in(self, new_budget: "Budget") -> str:
        """Name the limits that are set here but missing in the new budget, such as `minutes (30)`; empty if there are
        none.
        """
        other_limits = new_budget.limits
        dropped = {
            name: limit for name, limit in self.limits.items() if limit is not None and other_limits[name] is None
        }
        return ", ".join(f"{name} ({limit:,.6g})" for name, limit in dropped.items())

    @property
    def limits(self) -> dict[str, float | None]:
        """Each limit by its name on the command line, such as `gpu-seconds`; None if it is not set."""
        return {name.replace("_", "-"): getattr(self, name) for name in type(self).model_fields}


def parse_budget(text: str) -> Budget:
    """Parse a text such as `usd=2,tokens=200k,minutes=30,gpu-seconds=600`. Raises BadInput for any other text."""
    values: dict[str, Decimal] = {}
    known_limits = Budget().limits
    for part in text.split(","):
        name, _, amount_text = (piece.strip() for piece in part.partition("="))
        if name not in known_limits or name in values:
            raise BadInput(
                f"--budget {text[:100]}: each of {', '.join(known_limits)} may be set once, as in usd=2,tokens=200k"
            )
        values[name] = _parse_amount(name, amount_text)
    token_limit = {"tokens": int(values["tokens"])} if "tokens" in values else {}
    return Budget.model_validate(
        {name.replace("-", "_"): float(number) for name, number in values.items()} | token_limit
    )


def _parse_amount(name: str, amount_text: str) -> Decimal:
    match = _NUMBER.fullmatch(amount_text)
    number = Decimal(match["number"]) * _UNITS[match["unit"]] if match else Decimal(0)
    is_tokens = name == "tokens"
    if not (1 if is_tokens else MIN_LIMIT) <= number <= MAX_LIMIT or (is_tokens and number % 1):
        required = "a whole number of at least 1" if is_tokens else "a number above 0"
        raise BadInput(
            f"--budget {name}={amount_text[:40]}: must be {required} and at most {MAX_LIMIT:.0e}, "
            "such as 2, 200k or 3M"
        )
    return number


class Price(BaseModel):
    """What a model's tokens cost, in US dollars for a million tokens."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    read: float = Field(ge=0, allow_inf_nan=False)
    written: float = Field(ge=0, allow_inf_nan=False)
    source: str = ""
    """Where the price comes from, for example `the packaged table of 2026-11-29`."""

    def of(self, read: int, written: int) -> float:
        """Return the cost in US dollars of reading `read` tokens and writing `written` tokens."""
        return (self.read * read + self.written * written) / 1_000_000


class Tokens(NamedTuple):
    """Totals over all calls to a model: the tokens that it read and wrote, and the number of calls."""

    read: int
    written: int
    calls: int
    estimated: int = 0
    """Number of calls whose tokens are estimated, because the server did not report them or the call was interrupted.
    """


class Used(NamedTuple):
    """What a run has used so far. If a process was killed, its unfinished work counts with the maximum that was
    reserved for it.
    """

    tokens: Tokens = Tokens(0, 0, 0)
    gpu_seconds: float = 0.0


def format_usage(tokens: Tokens | None, price: Price | None) -> str:
    """Describe usage, for example `3,120 tokens read, 840 written, in 12 calls; $0.0130`."""
    if tokens is None:
        return "unknown number of tokens; unknown cost"
    if not tokens.calls:
        return "no request was sent"
    estimate_note = f" (tokens estimated in {tokens.estimated} of them)" if tokens.estimated else ""
    calls = "call" if tokens.calls == 1 else "calls"
    return (
        f"{tokens.read:,} tokens read, {tokens.written:,} written, in {tokens.calls} {calls}{estimate_note}; "
        f"{format_cost(tokens, price)}"
    )


def format_cost(tokens: Tokens, price: Price | None) -> str:
    """Describe the cost, for example `$0.0130, by the packaged table of 2026-11-29`, or `unknown price`."""
    if price is None:
        return "unknown price"
    if not (price.read or price.written):
        return f"no cost ({price.source})"
    return f"${price.of(tokens.read, tokens.written):.4f}, by {price.source}"
