"""Puts a verdict into words. The words describe how a model behaves; what happens inside the model is not known."""

from collections.abc import Mapping, Sequence

from gedanken.compare.verdict.results import HYPOTHESES, Hypothesis, Name, OperationVerdict, Verdict, Way

NAME_SENTENCES: dict[Name, str] = {
    "computes": "behaves as one that computes",
    "imitates": "behaves as one that imitates",
    "shortcut": "behaves as one that takes shortcuts",
    "mixture": "behaves as a mixture of two ways of answering",
    "undetermined": "undetermined",
}
_PHRASES: dict[Hypothesis, str] = {
    "computes": "computing",
    "imitates": "imitating",
    "shortcut": "taking shortcuts",
    "mixture": "a mixture",
    "other": "answering in another way",
}
MIN_HORIZON_RATIO = 1.2
"""Minimum ratio of two horizons that count as different."""
NOTHING_ANSWERED = "there is no usable answer"
ONLY_A_SUITE = (
    "a suite contains no variants of its functions for comparison, and the model may have read the functions "
    "before; ask about program families too"
)
FITS_NOTHING = "the answers fit none of the three ways"
HARD_ITEMS = "items that only computing gets right"
HARD_TWINS = "hard twins"


def weak_evidence(best: Hypothesis, against: Mapping[Hypothesis, float]) -> str:
    """Say that the likeliest hypothesis has a Bayes factor below ten against another hypothesis."""
    rival = min(against, key=lambda hypothesis: against[hypothesis])
    return (
        f"{_PHRASES[best]} is likeliest, but the evidence against {_PHRASES[rival]} is a Bayes factor of "
        f"{_format_factor(against[rival])}, below the required 10"
    )


def depends_on_priors(best: Hypothesis) -> str:
    """Say that the likeliest hypothesis has a Bayes factor below ten under other priors."""
    return f"{_PHRASES[best]} is likeliest, but with other priors the Bayes factor is below 10"


def depends_on_part(best: Hypothesis, part: str) -> str:
    """Say that the likeliest hypothesis has a Bayes factor below ten if one template or family is left out."""
    return f"{_PHRASES[best]} is likeliest, but without “{part}” the Bayes factor is below 10"


def single_source(best: Hypothesis) -> str:
    """Say that there is only one template or family, so none could be left out."""
    return f"{_PHRASES[best]} is likeliest, but all evidence comes from a single template or family"


def too_few_answers(n: int, of: int, items: str) -> str:
    """Say that `n` of `of` items have no usable answer, which is too many. `items` is a noun, such as `hard
    twins`.
    """
    return f"{n} of the {of} {items} have no usable answer"


def named_otherwise(name: Way, other_names: Mapping[Name, int], of: int) -> str:
    """Say that too many kinds of operation get another verdict when judged alone than all kinds get together."""
    counts = ", ".join(f"{count} {other_name}" for other_name, count in other_names.items())
    return (
        f"{_PHRASES[name]} is likeliest for all kinds of operation together, but {sum(other_names.values())} of "
        f"the {of} kinds have another verdict ({counts})"
    )


def too_few_families(pair: tuple[Way, Way]) -> str:
    """Say that too few families of probe programs tell two ways of answering apart."""
    return f"fewer than two program families distinguish {_PHRASES[pair[0]]} from {_PHRASES[pair[1]]}"


def parameters(version: str, fitted_on: Sequence[str]) -> str:
    """Say which parameters a verdict was computed with."""
    return f"{version}, fitted on {', '.join(fitted_on)}"


def describe_operation(operation: OperationVerdict) -> str:
    """Describe the verdict on one operation, for example `matrix product: behaves as one that computes, up to n =
    23`.
    """
    if operation.name == "undetermined":
        return f"{operation.operation}: undetermined, because {operation.why}"
    return f"{operation.operation}: {NAME_SENTENCES[operation.name]}{_horizon_clause(operation)}"


def describe_verdict(verdict: Verdict) -> str:
    """Return the verdict on all operations as one sentence, for example `Behaves as one that imitates.`"""
    if verdict.name == "undetermined":
        return f"Undetermined: {verdict.why}."
    sentence = NAME_SENTENCES[verdict.name]
    if verdict.name == "computes":
        sentence += _horizon_range_clause([operation for operation in verdict.operations if operation.curves])
    return sentence[0].upper() + sentence[1:] + "."


def explain_probabilities(verdict: Verdict) -> str:
    """Explain the probabilities that are shown beside the word “undetermined”; empty if none are shown."""
    verdicts: list[Verdict | OperationVerdict] = [verdict, *verdict.operations]
    if not any(item.support is not None and item.name == "undetermined" for item in verdicts):
        return ""
    return (
        f"The numbers are the probabilities of five hypotheses ({', '.join(HYPOTHESES)}), computed with parameters "
        "fitted to the reference players. Where the verdict is “undetermined”, even 1.00 is not enough, because "
        "another rule for a verdict is not met"
    )


def _horizon_range_clause(operations: Sequence[OperationVerdict]) -> str:
    """Name the shortest and the longest horizon among all kinds of operation, as given by the logistic curve."""
    if not operations:
        return ""
    ordered = sorted(operations, key=lambda operation: operation.curves[0].at)
    first, last = ordered[0], ordered[-1]
    if first.curves[0].horizon == last.curves[0].horizon:
        return f", {_describe_horizon(first)}"
    return (
        f", with the shortest horizon for {first.operation}, {_describe_horizon(first)}, and the longest for "
        f"{last.operation}, {_describe_horizon(last)} (n is the number of operations)"
    )


def _describe_horizon(operation: OperationVerdict) -> str:
    """Say up to which size a model computes, for example `up to n = 23` or `beyond n = 32`."""
    horizon, second_horizon = operation.curves[0].horizon, other_horizon(operation)
    alternative = f" (or {second_horizon}, if another curve is fitted)" if second_horizon else ""
    if horizon.startswith(">"):
        return f"beyond n = {horizon.lstrip('> ')}{alternative}"
    if horizon.startswith("<"):
        return f"not even up to n = {horizon.lstrip('< ')}{alternative}"
    return f"up to n = {horizon}{alternative}"


def other_horizon(operation: OperationVerdict) -> str:
    """Return the horizon of the second curve if it differs from that of the first curve; otherwise an empty text.

    Two horizons within the sizes that were asked differ if their ratio is at least MIN_HORIZON_RATIO. Otherwise, they
    differ if they are written differently, such as `23` and `> 32`.
    """
    first, second = operation.curves[:2]
    if first.size is None or second.size is None:
        return "" if first.horizon == second.horizon else second.horizon
    ratio = second.size / first.size
    return "" if 1 / MIN_HORIZON_RATIO < ratio < MIN_HORIZON_RATIO else second.horizon


def _horizon_clause(operation: OperationVerdict) -> str:
    if operation.name != "computes" or not operation.curves:
        return ""
    return f", {_describe_horizon(operation)}"


def _format_factor(log10: float) -> str:
    return f"{10**log10:.2g}" if log10 < 6 else f"10^{log10:.0f}"
