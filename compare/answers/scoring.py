"""Scores one imagined output against the real output of the same program."""

import re
from collections.abc import Sequence

from gedanken.experiment.execution import Cause, Execution
from gedanken.experiment.probe_item import Answer, Outcome

_REFUSALS = frozenset({Cause.REFUSED, Cause.FILTERED})
_LIMITS = frozenset({Cause.CUT, Cause.ONLY_REASONED})
_INCOMPLETE = frozenset({Cause.NO_REPLY, Cause.BROKEN_OFF, Cause.UNKNOWN_END})
_REASONED = re.compile(r"reasons by itself: (?P<tokens>\d+) tokens")
_UNMARKED_KIND = "no mark before the output"
_REFUSAL_KIND = "speaks as an AI"


def score(imagined: Execution, truth: str, rival: str | None = None) -> Answer | None:
    """Score the answer in an imagined output; None if the reply is missing or was broken off.

    `truth` and `rival` are the real outputs of the item's program and of its rival. An answer is right only if it
    equals `truth`, apart from spaces at the ends of lines and blank lines at the start and end.
    """
    # A missing reply says nothing about the model.
    if imagined.cause in _INCOMPLETE:
        return None
    answer, true_lines = _lines(imagined.stdout), _lines(truth)
    outcome = _outcome(imagined, answer, true_lines, None if rival is None else _lines(rival))
    has_output = outcome in ("right", "rival", "wrong")
    return Answer(
        outcome, share_of_words_right(answer, true_lines) if has_output else None, _reasoning_tokens(imagined)
    )


def share_of_words_right(answer: Sequence[str], true_lines: Sequence[str]) -> float:
    """Return the share of words in the true output that the answer has at the same positions."""
    true_words = [word for line in true_lines for word in line.split()]
    words = [word for line in answer for word in line.split()]
    return sum(true_word == word for true_word, word in zip(true_words, words, strict=False)) / max(
        1, len(true_words)
    )


def _outcome(imagined: Execution, answer: list[str], true_lines: list[str], rival_lines: list[str] | None) -> Outcome:
    kinds = {violation.kind for violation in imagined.violations}
    if imagined.cause in _REFUSALS:
        return "refused"
    if imagined.cause in _LIMITS:
        return "cut"
    if answer == true_lines:
        return "right"
    if not answer and _REFUSAL_KIND in kinds:
        return "refused"
    if _UNMARKED_KIND in kinds or not _is_plausible(answer, true_lines):
        return "unparsable"
    return "rival" if rival_lines is not None and answer == rival_lines else "wrong"


def _is_plausible(answer: list[str], true_lines: list[str]) -> bool:
    """Return whether an output can be an answer at all, right or wrong.

    It cannot if it is empty, has more than three times as many lines as the true output, or lacks digits where the
    true output has some.
    """
    if bool(answer) != bool(true_lines) or len(answer) > 3 * len(true_lines):
        return False
    has_number = [any(character.isdigit() for line in lines for character in line) for lines in (answer, true_lines)]
    return has_number[0] or not has_number[1]


def _lines(text: str) -> list[str]:
    """Return the lines of a text without trailing spaces, and without blank lines at the start and the end."""
    return [line.rstrip() for line in text.strip("\n").rstrip().split("\n")] if text.strip() else []


def _reasoning_tokens(imagined: Execution) -> int | None:
    token_match = next((match for note in imagined.notes if (match := _REASONED.search(note))), None)
    return int(token_match["tokens"]) if token_match else None
