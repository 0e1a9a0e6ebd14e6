"""Reads and replaces the words with which nearly all lines of a log begin, such as `[node-a17]`."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from gedanken.compare.output.masking import MASK
from gedanken.compare.output.vocabulary import Role, meaning_of, words_in

_LOOKED_AT = 256
"""Maximum number of lines of a log from which its prefix is read."""
_LONGEST = 1_000
"""Maximum number of characters of a line that are read to find the prefix."""
_FEWEST = 4
"""Minimum number of lines of a log that has a prefix."""
_NEARLY_ALL = 0.8
_MOST_WORDS = 6
_GOLDEN = 0.6180339887498949
"""The golden ratio minus 1. Its multiples spread the lines that are read evenly over a log, without a period."""
_WORD = rf"[\w{MASK}](?:[\w{MASK}.-]*[\w{MASK}])?"
_NEXT = re.compile(rf"(?P<gap>[^\w{MASK}]{{0,12}})(?P<word>{_WORD})")
_WORD_ENDS = rf"(?![.-]*[\w{MASK}])"
LEVELS = "debug|info|notice|warn|warning|error|err|critical|fatal|trace|verbose|success"
"""A pattern for the levels of log records, such as `info`."""
_LEVEL = re.compile(rf"[IWEFDC]|(?i:{LEVELS})")
_COUNTED = re.compile(
    r"(?:epoch|ep|step|iter|rank|fold|trial|round|batch|phase|stage|level|layer|seed|task|top)s?[-_]?\d*",
    re.IGNORECASE,
)
"""Matches words such as `epoch` or `rank0`, which never name a host, a job or a run."""
_HOST = re.compile(
    r"(?:node|host|gpu|dgx|cn|gn|nid|vm|srv|server|worker|compute|machine|hpc)-?\d+[a-z\d]*(?:[.-][a-z\d]+)*"
    r"|ip(?:-\d{1,3}){4}(?:[.-][a-z\d]+)*",
    re.IGNORECASE,
)
_OF_PROGRAMS = (
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
_BEHIND = re.compile(rf"[^\w{MASK}]{{0,12}}(?:\d[\d.]*(?::\d+)?(?![\w{MASK}]))?")
_NUMBERS = re.compile(r"[-+]?\d[\d.,]*(?:e[-+]?\d+)?%?", re.IGNORECASE)
LEVEL, NUMBER = "<level>", "<number>"
_NO_NAMES = frozenset(_OF_PROGRAMS.split())


class Place(NamedTuple):
    """One word of a prefix, and the signs before and after it."""

    gap: str
    """The characters between the previous word and this word, such as ` [`. Several blanks are given as one."""
    word: str
    """The word itself; LEVEL in place of the level of a log record, and NUMBER in place of a number."""
    behind: str = ""
    """The signs that follow the word in most lines, such as `] `; they end with `#` if a number comes next."""
    varies: bool = False
    """True if another word stands here in some line with the same rest: `[train] loss 0.5` and `[other] loss 0.4`."""

    @property
    def may_be_name(self) -> bool:
        """True unless the word varies, or is a number or a level."""
        return not self.varies and self.word not in (LEVEL, NUMBER)

    @property
    def is_known(self) -> bool:
        """True for a word with a known meaning other than a name, such as `epoch`, `val_loss` or `lr`."""
        if self.word in (LEVEL, NUMBER):
            return False
        if _COUNTED.fullmatch(self.word):
            return True
        words = words_in(self.word)
        return bool(words) and not self.is_host and MASK not in self.word and all(map(_has_meaning, words))

    @property
    def is_of_program(self) -> bool:
        """True for a word that a program itself uses, such as `epoch`, `failed` or `decoder`."""
        words = words_in(self.word)
        is_said = bool(words) and all(word in _NO_NAMES or _has_meaning(word) for word in words)
        return self.is_known or (is_said and not self.is_host and MASK not in self.word)

    @property
    def is_host(self) -> bool:
        """True if the word looks like the name of a machine."""
        return _HOST.fullmatch(self.word) is not None


Prefix = tuple[Place, ...]


def some_lines(text: str) -> list[str]:
    """Return some lines from all parts of a text, but no blank lines."""
    if len(text) <= _LOOKED_AT * _LONGEST:
        lines = text.splitlines()
        found = [lines[at] for at in _spread(len(lines))]
    else:
        found = [_line_at(text, at) for at in _spread(len(text))]
    return [line[:_LONGEST] for line in found if line.strip()]


def _spread(length: int) -> Sequence[int]:
    if length <= _LOOKED_AT:
        return range(length)
    return sorted({int(at * _GOLDEN % 1 * length) for at in range(1, _LOOKED_AT + 1)})


def _line_at(text: str, at: int) -> str:
    """Return the line at position `at`, at most up to `at + _LONGEST`. Empty without a line break shortly before
    `at`."""
    begin = text.rfind("\n", max(0, at - _LONGEST), at) + 1
    lines = text[begin or at : at + _LONGEST].splitlines()
    return lines[0] if begin and lines else ""


def prefix_of(lines: Sequence[str]) -> Prefix:
    """Return the words with which nearly all lines of a log begin. Times, ids and paths must be masked in `lines`."""
    rest = list(lines) if len(lines) >= _FEWEST else []
    prefix: list[Place] = []
    while rest and len(prefix) < _MOST_WORDS:
        found = [(_place(word), line[word.end() :]) for line in rest if (word := _NEXT.match(line))]
        if not found:
            break
        (place, times), *_others = Counter(place for place, _behind in found).most_common(1)
        if times < _NEARLY_ALL * len(lines):
            break
        rest = [behind for its, behind in found if its == place]
        said = {words_of(behind) for behind in rest} - {""}
        others = {words_of(behind) for its, behind in found if its.gap == place.gap and its.word != place.word}
        prefix.append(place._replace(behind=_most_common_begin(rest), varies=not said.isdisjoint(others)))
    return tuple(prefix)


def _place(found: re.Match[str]) -> Place:
    word = found["word"]
    if _LEVEL.fullmatch(word):
        word = LEVEL
    elif not any(letter.isalpha() or letter == MASK for letter in word):
        word = NUMBER
    return Place(_one_blank(found["gap"]), word)


def _most_common_begin(lines: Sequence[str]) -> str:
    begins = Counter(_NUMBERS.sub("#", found[0]) for line in lines if (found := _BEHIND.match(line)))
    return _one_blank(begins.most_common(1)[0][0])


def _one_blank(gap: str) -> str:
    return re.sub(r"\s+", " ", gap)


def words_of(line: str) -> str:
    """Return a line with `#` for each number; empty if it has no words."""
    return " ".join(_NUMBERS.sub("#", line).split()) if any(map(str.isalpha, line)) else ""


def _has_meaning(word: str) -> bool:
    meaning = meaning_of(word)
    return meaning.role is not Role.OTHER or meaning.split is not None


class Renaming:
    """Replaces words in the prefix of a log's lines. Lines without the prefix are not changed."""

    def __init__(self, prefix: Prefix, by: Mapping[int, str]) -> None:
        """Store the prefix. `by` maps the position of a word in `prefix` to the new word."""
        pattern, new = r"\n", "\n"
        for at, place in enumerate(prefix[: max(by) + 1]):
            gap = r"[^\S\n]+".join(map(re.escape, place.gap.split(" ")))
            word = re.escape(place.word) if at in by else _WORD
            pattern += rf"({gap})({word}){_WORD_ENDS}"
            new += rf"\g<{2 * at + 1}>" + (by[at].replace("\\", r"\\") if at in by else rf"\g<{2 * at + 2}>")
        self._pattern, self._new = re.compile(pattern), new

    def all(self, lines: Sequence[str]) -> list[str]:
        """Return these lines with the words replaced. No line may contain a line break."""
        return self._pattern.sub(self._new, "\n" + "\n".join(lines))[1:].split("\n") if lines else []

    def one(self, line: str) -> str:
        return self.all([line])[0]
