"""Computes the token usage of a run of an earlier version from its trace."""

from gedanken.experiment.budget import Tokens
from gedanken.experiment.errors import BadInput
from gedanken.experiment.files import UntrustedFolder
from gedanken.traces.local import read_local


def tokens_of(inside: UntrustedFolder) -> Tokens | None:
    """Return the token usage that the trace reports; None if it reports none."""
    try:
        roots = read_local(inside)
    except BadInput:
        return None
    runs = [run for root in roots for run in root.walk() if run.run_type == "llm"]
    calls = [run.tokens for run in runs if any(run.tokens)]
    if not calls:
        return None
    return Tokens(
        sum(input_tokens for input_tokens, _output in calls),
        sum(output_tokens for _input, output_tokens in calls),
        len(calls),
    )
