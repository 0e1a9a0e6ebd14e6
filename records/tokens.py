"""Computes the token usage of a run of an earlier version from its trace."""

from gedanken.experiment.budget import Tokens
from gedanken.experiment.errors import BadInput
from gedanken.experiment.files import Inside
from gedanken.traces.local import read_local


def tokens_of(inside: Inside) -> Tokens | None:
    """Return the tokens that the replies in the trace report; None if there are none."""
    try:
        roots = read_local(inside)
    except BadInput:
        return None
    runs = [run for root in roots for run in root.walk() if run.run_type == "llm"]
    calls = [run.tokens for run in runs if any(run.tokens)]
    if not calls:
        return None
    return Tokens(sum(read for read, _written in calls), sum(written for _read, written in calls), len(calls))
