"""Reads and replaces the words with which nearly all lines of a log begin, such as `[node-a17]`."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from gedanken.compare.output.masking import MASK
from gedanken.compare.output.vocabulary import Role, meaning_of, words_in

_MAX_LINES = 256
"""Maximum number of lines of a log that are examined to find its prefix."""
_MAX_LENGTH = 1_000
"""Maximum number of characters of a line that are examined to find the prefix."""
_MIN_LINES = 4
"""A log with fewer lines than this has no prefix."""
_MIN_SHARE = 0.8
_MAX_WORDS = 6
_GOLDEN_FRACTION = 0.6180339887498949
"""The golden ratio minus 1. Multiples of it spread the examined lines evenly over a log, without a period."""
_WORD = rf"[\w{MASK}](?:[\w{MASK}.-]*[\w{MASK}])?"
_NEXT_WORD = re.compile(rf"(?P<gap>[^\w{MASK}]{{0,12}})(?P<word>{_WORD})")
_WORD_ENDS = rf"(?![.-]*[\w{MASK}])"
LEVELS = "debug|info|notice|warn|warning|error|err|critical|fatal|trace|verbose|success"
"""A pattern for the levels of log records, such as `info`."""
_LEVEL = re.compile(rf"[IWEFDC]|(?i:{LEVELS})")
_COUNTER_WORD = re.compile(
    r"(?:epoch|ep|step|iter|rank|fold|trial|round|batch|phase|stage|level|layer|seed|task|top)s?[-_]?\d*",
    re.IGNORECASE,
)
"""Matches words such as `epoch` or `rank0`, which never name a host, a job or a run."""
_HOST = re.compile(
    r"(?:node|host|gpu|dgx|cn|gn|nid|vm|srv|server|worker|compute|machine|hpc)-?\d+[a-z\d]*(?:[.-][a-z\d]+)*"
    r"|ip(?:-\d{1,3}){4}(?:[.-][a-z\d]+)*",
    re.IGNORECASE,
)
_PROGRAM_WORDS = (
    "ok okay pass passes passed passing fail fails failed failing failure success successful succeeded done "
    "finished complete completed incomplete started running waiting pending ready stopped aborted cancelled "
    "canceled killed crashed skipped timeout good bad better worse improving improved stable unstable healthy "
    "unhealthy converge converged converging diverge diverged diverging overfitting underfitting valid invalid "
    "true false yes no on off enabled disabled none null min max minimum maximum minimize minimise minimizing "
    "minimising maximize maximise maximizing maximising ascending descending increasing decreasing best worst "
    "pretrain pretraining finetune finetuning warmup cooldown fit fitting predict "
    "prediction inference encoder decoder generator discriminator actor critic teacher student policy adam adamw "
    "nadam radam sgd rmsprop adagrad adadelta adafactor lbfgs cosine linear polynomial exponential constant fp "
    "float bfloat int cuda tpu"
)
"""Words that never name a host, a job or a run: outcomes such as `failed`, and terms such as `decoder`."""
_AFTER_WORD = re.compile(rf"[^\w{MASK}]{{0,12}}(?:\d[\d.]*(?::\d+)?(?![\w{MASK}]))?")
_NUMBERS = re.compile(r"[-+]?\d[\d.,]*(?:e[-+]?\d+)?%?", re.IGNORECASE)
LEVEL, NUMBER = "<level>", "<number>"
_PROGRAM_WORD_SET = frozenset(_PROGRAM_WORDS.split())


class PrefixWord(NamedTuple):
    """One word of a prefix, with the punctuation before and after it."""

    gap: str
    """The characters between the previous word and this one, such as ` [`. Several blanks are given as one."""
    word: str
    """The word itself; LEVEL in place of the level of a log record, and NUMBER in place of a number."""
    after: str = ""
    """The punctuation that follows the word in most lines, such as `] `. It ends with `#` if a number comes next."""
    varies: bool = False
    """True if another line has the same text with another word here, apart from numbers: `[train] loss 0.5` and
    `[other] loss 0.4`.
    """

    @property
    def may_be_name(self) -> bool:
        """True unless the word varies or is a number or a level."""
        return not self.varies and self.word not in (LEVEL, NUMBER)

    @property
    def is_known(self) -> bool:
        """True for a word with a known meaning other than a name, such as `epoch`, `val_loss` or `lr`."""
        if self.word in (LEVEL, NUMBER):
            return False
        if _COUNTER_WORD.fullmatch(self.word):
            return True
        words = words_in(self.word)
        return bool(words) and not self.is_host and MASK not in self.word and all(map(_has_meaning, words))

    @property
    def is_of_program(self) -> bool:
        """True for a word that a program itself uses, such as `epoch`, `failed` or `decoder`."""
        words = words_in(self.word)
        is_program_term = bool(words) and all(word in _PROGRAM_WORD_SET or _has_meaning(word) for word in words)
        return self.is_known or (is_program_term and not self.is_host and MASK not in self.word)

    @property
    def is_host(self) -> bool:
        """True if the word looks like the name of a machine."""
        return _HOST.fullmatch(self.word) is not None


Prefix = tuple[PrefixWord, ...]


def sample_lines(text: str) -> list[str]:
    """Return some lines from all parts of a text. Blank lines are left out."""
    if len(text) <= _MAX_LINES * _MAX_LENGTH:
        lines = text.splitlines()
        sampled = [lines[position] for position in _sample_positions(len(lines))]
    else:
        sampled = [_line_at(text, position) for position in _sample_positions(len(text))]
    return [line[:_MAX_LENGTH] for line in sampled if line.strip()]


def _sample_positions(length: int) -> Sequence[int]:
    if length <= _MAX_LINES:
        return range(length)
    return sorted({int(step * _GOLDEN_FRACTION % 1 * length) for step in range(1, _MAX_LINES + 1)})


def _line_at(text: str, position: int) -> str:
    """Return the line at a position of a text, with at most `_MAX_LENGTH` characters after the position.

    Empty if there is no line break among the `_MAX_LENGTH` characters before the position.
    """
    start = text.rfind("\n", max(0, position - _MAX_LENGTH), position) + 1
    lines = text[start or position : position + _MAX_LENGTH].splitlines()
    return lines[0] if start and lines else ""


def prefix_of(lines: Sequence[str]) -> Prefix:
    """Return the words with which nearly all lines of a log begin. In `lines`, times, ids and paths must already
    be masked.
    """
    remainders = list(lines) if len(lines) >= _MIN_LINES else []
    prefix: list[PrefixWord] = []
    while remainders and len(prefix) < _MAX_WORDS:
        parsed = [(_parse_word(word), line[word.end() :]) for line in remainders if (word := _NEXT_WORD.match(line))]
        if not parsed:
            break
        (place, count), *_others = Counter(place for place, _after in parsed).most_common(1)
        if count < _MIN_SHARE * len(lines):
            break
        remainders = [after for parsed_word, after in parsed if parsed_word == place]
        texts_after = {words_of(after) for after in remainders} - {""}
        texts_after_others = {
            words_of(after)
            for parsed_word, after in parsed
            if parsed_word.gap == place.gap and parsed_word.word != place.word
        }
        prefix.append(
            place._replace(
                after=_most_common_start(remainders), varies=not texts_after.isdisjoint(texts_after_others)
            )
        )
    return tuple(prefix)


def _parse_word(match: re.Match[str]) -> PrefixWord:
    word = match["word"]
    if _LEVEL.fullmatch(word):
        word = LEVEL
    elif not any(letter.isalpha() or letter == MASK for letter in word):
        word = NUMBER
    return PrefixWord(_collapse_spaces(match["gap"]), word)


def _most_common_start(lines: Sequence[str]) -> str:
    starts = Counter(_NUMBERS.sub("#", match[0]) for line in lines if (match := _AFTER_WORD.match(line)))
    return _collapse_spaces(starts.most_common(1)[0][0])


def _collapse_spaces(gap: str) -> str:
    return re.sub(r"\s+", " ", gap)


def words_of(line: str) -> str:
    """Return a line with `#` in place of each number; empty if the line has no words."""
    return " ".join(_NUMBERS.sub("#", line).split()) if any(map(str.isalpha, line)) else ""


def _has_meaning(word: str) -> bool:
    meaning = meaning_of(word)
    return meaning.role is not Role.OTHER or meaning.split is not None


class PrefixRenaming:
    """Replaces words in the prefix of a log's lines. Lines without the prefix are not changed."""

    def __init__(self, prefix: Prefix, by: Mapping[int, str]) -> None:
        """Store the prefix. `by` maps the position of a word in `prefix` to the new word."""
        pattern, replacement = r"\n", "\n"
        for index, place in enumerate(prefix[: max(by) + 1]):
            gap = r"[^\S\n]+".join(map(re.escape, place.gap.split(" ")))
            word = re.escape(place.word) if index in by else _WORD
            pattern += rf"({gap})({word}){_WORD_ENDS}"
            replacement += rf"\g<{2 * index + 1}>" + (
                by[index].replace("\\", r"\\") if index in by else rf"\g<{2 * index + 2}>"
            )
        self._pattern, self._replacement = re.compile(pattern), replacement

    def all(self, lines: Sequence[str]) -> list[str]:
        """Return these lines with the words replaced. No line may contain a line break."""
        return self._pattern.sub(self._replacement, "\n" + "\n".join(lines))[1:].split("\n") if lines else []

    def one(self, line: str) -> str:
        return self.all([line])[0]
