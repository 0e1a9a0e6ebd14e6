"""Reads recorded answers to a suite. The files are untrusted: they may contain anything."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, NamedTuple

from gedanken.compare.answers.replies import is_whole_reply
from gedanken.experiment.errors import BadInput
from gedanken.experiment.probe_design import SuiteItem
from gedanken.loading.suites import ObjectWithDuplicates, error_message, object_with_duplicates, read_json_text

_SCORED_KEY = "raw_generations"
"""The key under which CRUXEval's files of scored answers store the answers."""
_EXTRACTED_KEY, _REPLIES_KEY = "pred_list", "output_list"
"""The keys under which LiveCodeBench's files store the answers and the replies that contained them."""
_NAME_ENDING = re.compile(r"_(?P<predicts>input|output)\Z")
_NO_STRINGS = "the recorded answers are not a list of strings"
_RECORDED_TWICE = "its answers are recorded more than once"
_FEW_WHOLE_REPLIES = 0.2
"""Answers count as already extracted if a smaller share of them than this are whole replies (`is_whole_reply`).

This applies only if the name of the file says what its answers predict (`_predicted_by_name`).
"""


class RecordedAnswers(NamedTuple):
    """The recorded answers of one file. The keys of both mappings are ids, as in the suite."""

    answers: Mapping[str, tuple[str, ...]]
    is_extracted: bool
    """True if the publisher already extracted the answers from the model's replies. They are then used unchanged."""
    problems: Mapping[str, str]
    """For each item whose answers cannot be used, by its id: the reason."""
    predicts: Literal["output", "input"] | None
    """What the answers predict, as the name of the file or its folder says (by ending with `_output` or `_input`);
    None if it does not say.
    """


def read_answers(path: Path, suite: Sequence[SuiteItem]) -> RecordedAnswers:
    """Read recorded answers to the items of a suite, as JSON in one of three forms.

    - An object that maps ids to lists of answers.
    - A list with one list of answers for each item, in the suite's order.
    - A list of objects in LiveCodeBench's format.

    The first two may stand under the key `raw_generations`. Raises BadInput for anything else, or if no item has an
    answer.
    """
    try:
        value = json.loads(
            read_json_text(path, "--answers").removeprefix("\ufeff"), object_pairs_hook=object_with_duplicates
        )
    except (ValueError, RecursionError) as error:
        raise BadInput(f"--answers {path}: {error_message(error)}") from error
    pairs, is_extracted = _id_value_pairs(path, value, suite)
    ids = {item.id for item in suite}
    answers: dict[str, tuple[str, ...]] = {}
    problems: dict[str, str] = {}
    for name, answer_value in pairs:
        if name in answers or name in problems:
            problems[name] = _RECORDED_TWICE
        elif (strings := _as_strings(answer_value)) is None:
            problems[name] = _NO_STRINGS
        else:
            answers[name] = strings
    answers = {name: answer_list for name, answer_list in answers.items() if name not in problems}
    if not answers.keys() & ids:
        first_problem = next(
            (f"{name[:100]}: {problem_text}" for name, problem_text in problems.items() if name in ids), ""
        )
        raise BadInput(
            f"--answers {path}: "
            f"{first_problem or f'contains no answer for any id of the suite, such as {suite[0].id[:100]}'}"
        )
    predicts = _predicted_by_name(path)
    return RecordedAnswers(
        answers, is_extracted or (predicts is not None and _has_few_whole_replies(answers)), problems, predicts
    )


def _has_few_whole_replies(answers: Mapping[str, Sequence[str]]) -> bool:
    whole_flags = [is_whole_reply(answer) for item_answers in answers.values() for answer in item_answers]
    return sum(whole_flags) < _FEW_WHOLE_REPLIES * len(whole_flags)


def _id_value_pairs(path: Path, value: Any, suite: Sequence[SuiteItem]) -> tuple[Iterable[tuple[str, Any]], bool]:
    """Return pairs of an id and its unchecked value. Also return whether the publisher has extracted the answers from
    the model's replies.
    """
    is_scored = isinstance(value, dict) and isinstance(value.get(_SCORED_KEY), ObjectWithDuplicates | list)
    if is_scored:
        value = value[_SCORED_KEY]
    if isinstance(value, list) and len(value) == len(suite) and all(isinstance(entry, list) for entry in value):
        return [(line.id, answer_value) for line, answer_value in zip(suite, value, strict=True)], is_scored
    if isinstance(value, list) and value and all(isinstance(entry, dict) and "id" in entry for entry in value):
        key = _EXTRACTED_KEY if all(_EXTRACTED_KEY in entry for entry in value) else _REPLIES_KEY
        return [(str(entry["id"]), entry.get(key)) for entry in value], key == _EXTRACTED_KEY
    if not isinstance(value, ObjectWithDuplicates):
        raise BadInput(
            f"--answers {path}: must be a JSON object with a list of answers for each id, or a JSON array with one "
            "list of answers for each line of the suite"
        )
    return _pairs_with_duplicates(value), is_scored


def _pairs_with_duplicates(value: ObjectWithDuplicates) -> Iterator[tuple[str, Any]]:
    for name, answer_value in value.items():
        yield name, answer_value
        if name in value.duplicate_names:
            yield name, answer_value


def _as_strings(value: object) -> tuple[str, ...] | None:
    strings = [value] if isinstance(value, str) else value
    if not isinstance(strings, list) or not all(isinstance(answer, str) for answer in strings):
        return None
    return tuple(strings)


def _predicted_by_name(path: Path) -> Literal["output", "input"] | None:
    """Return what the answers predict, as the name of the file or of its folder says.

    None if neither name ends with `_input` or `_output`.
    """
    for name in (path.stem, path.absolute().parent.name):
        if match := _NAME_ENDING.search(name):
            return "input" if match["predicts"] == "input" else "output"
    return None
