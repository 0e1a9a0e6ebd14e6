"""Scores one imagined output against the real output of the same program."""

import re
from collections.abc import Sequence

from gedanken.experiment.execution import Cause, Execution
from gedanken.experiment.probe_item import Answer, Outcome

_REFUSALS = frozenset({Cause.REFUSED, Cause.FILTERED})
_LIMITS = frozenset({Cause.CUT, Cause.ONLY_REASONED})
_NO_ANSWERS = frozenset({Cause.NO_REPLY, Cause.BROKEN_OFF, Cause.UNKNOWN_END})
_REASONED = re.compile(r"reasons by itself: (?P<tokens>\d+) tokens")
_UNMARKED = "no mark before the output"
_SPEAKS = "speaks as an AI"


def score(imagined: Execution, truth: str, rival: str | None = None) -> Answer | None:
    """Score the answer in an imagined output; None if no complete reply arrived.

    `truth` and `rival` are the real outputs of the item's program and of its rival. An answer is right only if it
    equals `truth`, apart from spaces at line ends and blank lines around.
    """
    # A missing reply says nothing about the model.
    if imagined.cause in _NO_ANSWERS:
        return None
    said, true = _lines(imagined.stdout), _lines(truth)
    outcome = _outcome(imagined, said, true, None if rival is None else _lines(rival))
    reads = outcome in ("right", "rival", "wrong")
    return Answer(outcome, parts_right(said, true) if reads else None, _reasoning_tokens(imagined))


def parts_right(said: Sequence[str], true: Sequence[str]) -> float:
    """Return the share of words in the true output (`true`) that the answer (`said`) has in the same positions."""
    elements = [word for line in true for word in line.split()]
    answered = [word for line in said for word in line.split()]
    return sum(one == other for one, other in zip(elements, answered, strict=False)) / max(1, len(elements))


def _outcome(imagined: Execution, said: list[str], true: list[str], rival: list[str] | None) -> Outcome:
    kinds = {violation.kind for violation in imagined.violations}
    if imagined.cause in _REFUSALS:
        return "refused"
    if imagined.cause in _LIMITS:
        return "cut"
    if said == true:
        return "right"
    if not said and _SPEAKS in kinds:
        return "refused"
    if _UNMARKED in kinds or not _reads_like(said, true):
        return "unparsable"
    return "rival" if rival is not None and said == rival else "wrong"


def _reads_like(said: list[str], true: list[str]) -> bool:
    """Return whether an output can be an answer, judged by its number of lines and its digits."""
    if bool(said) != bool(true) or len(said) > 3 * len(true):
        return False
    has_number = [any(character.isdigit() for line in lines for character in line) for lines in (said, true)]
    return has_number[0] or not has_number[1]


def _lines(text: str) -> list[str]:
    """Return the lines of a text without trailing spaces, and without blank lines at the start and the end."""
    return [line.rstrip() for line in text.strip("\n").rstrip().split("\n")] if text.strip() else []


def _reasoning_tokens(imagined: Execution) -> int | None:
    found = next((match for note in imagined.notes if (match := _REASONED.search(note))), None)
    return int(found["tokens"]) if found else None
