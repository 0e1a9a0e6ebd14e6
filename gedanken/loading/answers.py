"""Reads recorded answers to a suite. The files are untrusted: they may contain anything."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, NamedTuple

from gedanken.compare.answers.replies import is_whole_reply
from gedanken.experiment.errors import BadInput
from gedanken.experiment.probe_design import SuiteItem
from gedanken.loading.suites import OnceEach, once_each, text_of, told

_SCORED = "raw_generations"
"""The key under which CRUXEval's files of scored answers store the answers."""
_EXTRACTED, _REPLIES = "pred_list", "output_list"
"""The keys under which LiveCodeBench's files store the answers and the replies that contained them."""
_NAMED = re.compile(r"_(?P<predicts>input|output)\Z")
_NO_STRINGS = "the recorded answers are not a list of strings"
_TWICE = "its answers are recorded more than once"
_FEW = 0.2
"""If a file's name says what its answers predict (`_named`), and fewer than this share of the answers are whole
replies (`is_whole_reply`), the answers count as already extracted."""


class Recorded(NamedTuple):
    """The recorded answers of one file. The keys of both mappings are ids, as in the suite."""

    answers: Mapping[str, tuple[str, ...]]
    is_extracted: bool
    """True if the publisher already extracted the answers from the model's replies. They are then used unchanged."""
    problems: Mapping[str, str]
    """The reason for each item whose answers cannot be used, by the item's id."""
    predicts: Literal["output", "input"] | None
    """What the answers predict, by the end of the file's or folder's name (`_output`, `_input`); otherwise None."""


def read_answers(path: Path, suite: Sequence[SuiteItem]) -> Recorded:
    """Read recorded answers to the items of a suite, as JSON in one of three forms.

    The forms: an object that maps ids to lists of answers; a list with one list of answers for each item, in the
    suite's order; a list of objects in LiveCodeBench's format. The first two may stand under the key
    `raw_generations`. Raises BadInput for anything else, or if no item has an answer.
    """
    try:
        value = json.loads(text_of(path, "--answers").removeprefix("\ufeff"), object_pairs_hook=once_each)
    except (ValueError, RecursionError) as error:
        raise BadInput(f"--answers {path}: {told(error)}") from error
    pairs, is_extracted = _pairs(path, value, suite)
    ids = {item.id for item in suite}
    answers: dict[str, tuple[str, ...]] = {}
    problems: dict[str, str] = {}
    for name, some in pairs:
        if name in answers or name in problems:
            problems[name] = _TWICE
        elif (strings := _strings(some)) is None:
            problems[name] = _NO_STRINGS
        else:
            answers[name] = strings
    answers = {name: some for name, some in answers.items() if name not in problems}
    if not answers.keys() & ids:
        bad = next((f"{name[:100]}: {why}" for name, why in problems.items() if name in ids), "")
        raise BadInput(
            f"--answers {path}: {bad or f'contains no answer for any id of the suite, such as {suite[0].id[:100]}'}"
        )
    predicts = _named(path)
    return Recorded(answers, is_extracted or (predicts is not None and _has_few_whole(answers)), problems, predicts)


def _has_few_whole(answers: Mapping[str, Sequence[str]]) -> bool:
    """Return whether the share of whole replies among the answers is below _FEW."""
    each = [is_whole_reply(answer) for some in answers.values() for answer in some]
    return sum(each) < _FEW * len(each)


def _pairs(path: Path, value: Any, suite: Sequence[SuiteItem]) -> tuple[Iterable[tuple[str, Any]], bool]:
    """Return pairs of id and unchecked value, and whether the publisher extracted the answers from replies."""
    is_scored = isinstance(value, dict) and isinstance(value.get(_SCORED), OnceEach | list)
    if is_scored:
        value = value[_SCORED]
    if isinstance(value, list) and len(value) == len(suite) and all(isinstance(one, list) for one in value):
        return [(line.id, some) for line, some in zip(suite, value, strict=True)], is_scored
    if isinstance(value, list) and value and all(isinstance(one, dict) and "id" in one for one in value):
        key = _EXTRACTED if all(_EXTRACTED in one for one in value) else _REPLIES
        return [(str(one["id"]), one.get(key)) for one in value], key == _EXTRACTED
    if not isinstance(value, OnceEach):
        raise BadInput(
            f"--answers {path}: must be a JSON object with a list of answers for each id, or a JSON array with one "
            "list of answers for each line of the suite"
        )
    return _each(value), is_scored


def _each(value: OnceEach) -> Iterator[tuple[str, Any]]:
    for name, some in value.items():
        yield name, some
        if name in value.twice:
            yield name, some


def _strings(value: object) -> tuple[str, ...] | None:
    some = [value] if isinstance(value, str) else value
    if not isinstance(some, list) or not all(isinstance(answer, str) for answer in some):
        return None
    return tuple(some)


def _named(path: Path) -> Literal["output", "input"] | None:
    """Return `input` or `output` if the name of the file or of its folder ends with `_input` or `_output`; None
    otherwise."""
    for name in (path.stem, path.absolute().parent.name):
        if found := _NAMED.search(name):
            return "input" if found["predicts"] == "input" else "output"
    return None
