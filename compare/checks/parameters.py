"""Oracle: the number of parameters that a line states must equal the number that is computed from the source."""

import ast
import re
from collections.abc import Iterable, Iterator

from gedanken.compare.checks.fractions import is_rounding
from gedanken.compare.checks.oracle import Contradiction, LineFilter, lines_with, oracle
from gedanken.compare.parsed.run_set import ParsedRun, RunSet
from gedanken.compare.source.network import network
from gedanken.experiment.finding import Finding

_FORM = LineFilter(re.compile(r"\bparam(?:eter)?s?\b", re.IGNORECASE), ("param",))
_NUMBER = re.compile(r"(?<![\w.,])(?P<value>\d[\d,_]{0,30}(?:\.\d{1,6})?)\s?(?P<scale>[kKmMB])?(?![\w.])")
# fmt: off
_WORDS = frozenset({
    "total", "trainable", "learnable", "number", "num", "of", "model", "network", "net", "the", "in", "has", "have",
    "with", "parameter", "parameters", "param", "params", "count", "all", "is", "are",
})
# fmt: on
"""The words that a line may contain if it states the number of parameters, besides the names of the program's
classes.

With any other word, such as `layer`, the line may be about a part of the network, and is not judged.
"""
_SCALES = {"k": (1e3, 2.0**10), "m": (1e6, 2.0**20), "b": (1e9, 2.0**30)}


def parameters(run_set: RunSet) -> Iterable[Finding]:
    """Find stated numbers of parameters that differ from the size of the network that the source builds."""
    if run_set.source is None:
        return
    names = {node.attr for node in ast.walk(run_set.source.tree) if isinstance(node, ast.Attribute)}
    if "numel" not in names and any(_FORM.pattern.search(site.template) for site in run_set.source.terminal_sites()):
        return  # the line counts something else, such as tensors
    built = network(run_set.source)
    if built is None:
        return
    count = built.parameters
    words = _WORDS | {node.name.lower() for node in run_set.source.tree.body if isinstance(node, ast.ClassDef)}
    yield from oracle(run_set, "oracle: parameters", lambda run: _contradictions(run, count, words))


def _contradictions(run: ParsedRun, count: int, words: frozenset[str]) -> Iterator[Contradiction]:
    for index, line in lines_with(run, _FORM):
        matches = list(_NUMBER.finditer(line))
        line_words = re.findall(r"[^\W\d_]+", _NUMBER.sub(" ", line).lower())
        if len(matches) != 1 or not set(line_words) <= words:
            continue
        number, scale = matches[0]["value"].replace(",", "").replace("_", ""), (matches[0]["scale"] or "").lower()
        if not any(is_rounding(number, count / unit) for unit in _SCALES.get(scale, (1.0,))):
            claim = f"states {matches[0][0].strip()} parameters, but the layers in the source have {count:,}"
            yield Contradiction("count", claim, (index,))
