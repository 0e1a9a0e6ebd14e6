"""Oracle: a classifier that has not learned anything yet has a loss near ln(number of classes)."""

import ast
import math
import re
from collections.abc import Iterable, Iterator

from gedanken.compare.checks.oracle import LONGEST, Contradiction, oracle
from gedanken.compare.parsed.run_set import ParsedRun, RunSet
from gedanken.compare.source.network import network
from gedanken.compare.source.print_sites import called_name
from gedanken.compare.source.program_source import Source
from gedanken.compare.source.training_settings import batch_size
from gedanken.experiment.finding import Finding

# Measured by `python -m benchmarks.first_losses`: at most 0.54 below, at any scale of the images; at most 0.53 above
# for images from `ToTensor`, normalized or not; up to 158 above for raw images. So the upper bound is applied only to
# images from `ToTensor`.
BELOW, ABOVE = 0.7, 1.2
"""How far the first loss may be below and above ln(number of classes), which is the cross-entropy of guessing."""
SMALLEST_BATCH = 32
_LOSS = re.compile(r"\bloss\b[^\w.+-]{0,4}(?P<value>\d{1,6}(?:\.\d{1,12})?)(?![\w.%]|\s?/)", re.IGNORECASE)
_FIRST = re.compile(
    r"\b(?:step|batch|batch_idx|iter|iteration)\b[^\w\n]{0,4}(?P<number>[01])(?![\d.])|\[\s?0\s?/\s?\d|"
    r"\binitial\s(?:[a-z]{1,12}\s)?loss\b|\bloss\b.{0,20}\bbefore training\b",
    re.IGNORECASE,
)
_HELD_OUT = re.compile(r"test|val|avg|average|mean|running|total", re.IGNORECASE)
_OTHER_STARTS = frozenset({"load_state_dict", "load", "from_pretrained", "copy_"})
_HARMLESS = frozenset({"__init__", "clip_grad_norm_", "clip_grad_value_", "requires_grad_"})
_OTHER_LOSSES = frozenset({"reduction", "weight", "label_smoothing"})


def first_loss(run_set: RunSet) -> Iterable[Finding]:
    """Find imagined runs whose first loss is impossible for an untrained classifier with the program's number of
    classes.
    """
    classes = _number_of_classes(run_set.source) if run_set.source else None
    if run_set.source is None or classes is None or classes < 2:
        return
    if not _prints_one_loss(run_set.source) and not any(_first_shown_loss(run) for run in run_set.real):
        return  # it may be a sum, or a mean over several batches
    is_scaled = bool(run_set.source.calls({"ToTensor"}))
    yield from oracle(run_set, "oracle: first loss", lambda run: _contradictions(run, classes, is_scaled))


def _contradictions(run: ParsedRun, classes: int, is_scaled: bool) -> Iterator[Contradiction]:
    first_shown = _first_shown_loss(run)
    if first_shown is None:
        return
    index, value, is_before_updates = first_shown
    expected = math.log(classes)
    if value < expected - BELOW or (is_scaled and is_before_updates and value > expected + ABOVE):
        claim = f"begins with a loss of {value:g}, but guessing among {classes} classes gives "
        claim += f"ln({classes}) = {expected:.2f}"
        yield Contradiction("first loss", claim, (index,))


def _first_shown_loss(run: ParsedRun) -> tuple[int, float, bool] | None:
    """Return (line index, value, whether it was certainly measured before the first update) of the first loss.

    None if there is no loss, or if its line does not name a first step, such as `step 0`.
    """
    for index, line in enumerate(run.lines):
        match = _LOSS.search(line[:LONGEST])
        if match:
            step_match = None if _HELD_OUT.search(line[:LONGEST]) else _FIRST.search(line[:LONGEST])
            # Step 1 may be the second step: one update may raise the loss a lot, but hardly lower it. So such a loss
            # may be too low, but never too high.
            return (index, float(match["value"]), step_match["number"] != "1") if step_match else None
    return None


def _number_of_classes(source: Source) -> int | None:
    """Return the number of outputs of a classifier with plain cross-entropy and default initialization.

    None for any other network.
    """
    losses = source.calls({"CrossEntropyLoss", "cross_entropy"})
    batch = batch_size(source)
    if not losses or batch is None or batch < SMALLEST_BATCH or source.calls(_OTHER_STARTS):
        return None
    if any(keyword.arg in _OTHER_LOSSES for call in losses for keyword in call.keywords):
        return None
    if _sets_weights(source):
        return None
    built = network(source)
    layers = [part for part in built.modules() if part.own_parameters] if built else []
    outputs = [part.outputs for part in layers if part.outputs is not None]
    # Require the last layer to be the narrowest: the layer built last need not be the last one used.
    last = layers[-1].outputs if layers else None
    return last if last is not None and last == min(outputs) else None


def _sets_weights(source: Source) -> bool:
    """Return whether the source sets weights itself: by in-place functions such as those of `nn.init`, or by
    assigning to `.data`.
    """
    assigns_data = any(
        isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store) and node.attr == "data"
        for node in ast.walk(source.tree)
    )
    names = {called_name(node) or "" for node in ast.walk(source.tree)}
    return assigns_data or any(name.endswith("_") and name not in _HARMLESS for name in names)


def _prints_one_loss(source: Source) -> bool:
    return any("loss.item()" in ast.unparse(call) for call in source.calls({"print"}))
