"""Finds the name of each number in a line, whatever the line looks like: `name: value`, dicts, tables, sentences."""

import re
from collections.abc import Sequence
from typing import NamedTuple

from gedanken.compare.output.durations import CLOCK
from gedanken.compare.output.keyed_values import keyed_values
from gedanken.compare.output.number_units import UNIT, unit_end
from gedanken.compare.output.phrases import (
    LEVEL,
    MAX_NAME_WORDS,
    NAME_DELIMITERS,
    STOP_WORDS,
    last_split_word,
    tidy,
    trailing_name,
)
from gedanken.compare.output.shared_names import shared_names
from gedanken.compare.output.vocabulary import SHORT_SPLITS, Role, Split, find_split, meaning_of, words_in

_MAX_NAME_DISTANCE = 160
"""Maximum distance in characters between a number and its name before it."""
_COUNT_WORD = (
    r"epochs?|global_step|steps?|iter(?:ation)?s?|it|(?:mini)?batch(?:es)?|rounds?|folds?|updates?|episodes?"
)
_COUNTS = re.compile(rf"(?:^|[^a-z]|_)(?:{_COUNT_WORD})[-_ ]?$", re.IGNORECASE)
_BAR = re.compile(
    # No bar: the next cell of a table, as in `93.1% | 91.2% |`.
    r"(?<![\d.])\d+(?:\.\d+)?%\s?\|(?!\s*[-+]?(?:\d+\.\d+|\d{2,})%?\s*\|)[^|A-Za-z]{0,400}\|"
    r"[^\[\n]{0,60}(?:\[[^,\]]{0,40}(?:,[^,\]=]{0,40})?)?"
)
_BAR_WITHOUT_FILL = re.compile(r"(?<![\d.])\d+(?:\.\d+)?%\s{1,80}\d+/\d+(?=\s*(?:\[|\d[\d.]*\s?[a-z]+/[a-z]))")
"""Matches a progress bar whose filled part has been removed."""
_ARROW = re.compile(r"\[[=>.\s#-]{5,}\]|[━╸╺█▉▊▋▌▍▎▏]{3,}")
_IGNORED_NUMBER = re.compile(
    r"(?<![\w.])1[3-9]\d{8}(?:\d{3}|\.\d+)?(?![\w])|(?<![\w/-])[\w/-]+\.(?:py|cc|cpp|cu|c|h|go|rs|java|jl):\d+|"
    r"(?<=\()[a-z_][\w.]*:\d+(?=\) (?:DEBUG|INFO|WARN|ERROR))|(?<=\()[\w./-]+\.py \d+(?=\))|"
    r"^[IWEF]\d{4} [\d:.]+\s+\d+|\b0x[0-9a-f]+\b|(?<=:)\d{2}(?=[<\],])|\b\d+:\d{2}(?=[<\],\s])",
    re.IGNORECASE,
)
_WEIGHTED = re.compile(r"\(\* [\d.e+-]{1,20} = [-\d.e+naif]{1,20} loss\)")  # Caffe: a loss times its weight
_AT_BRACKETS = re.compile(r"@\s?\[[^\]\n]{0,200}\]")
"""Matches `@[ IoU=0.50 | area=all ]` after a metric in COCO's tables; this text belongs to the metric's name."""
_EVALUATED = re.compile(r"\bSaving dict for global step \d")  # TensorFlow, before numbers of an evaluation
_CHANGED_VALUE = re.compile(
    r"(?:^|[,;|:]\s)\s*(?P<what>[^,;|:=]{2,60}?)\s(?P<verb>improved|decreased|increased|dropped|rose)\s(?P<end>from|to)\s*$",
    re.IGNORECASE,
)
_VERB = re.compile(r"\s(?:is|was|are|were)\s*$")
_NAME_AFTER = re.compile(r"(?:\s?[a-z%]{1,3})?\s{1,8}=\s{1,8}(?P<name>[A-Za-z](?:[^=\d]|(?<=[A-Za-z@])\d){2,60})$")
"""Matches a name after its number: `0.8732 = Validation score`."""
_BATCH_COUNT = re.compile(r"(?<!\w)(?!ep)\w*\W{0,3}\[\s*\d+\s?/\s?\d+\s?\]", re.IGNORECASE)
"""Matches the count of batches in `Test: [40/97]`, a line about a single batch, but not epochs as in `Epoch
[3/90]`.
"""
OF_THE_BATCH = " of the batch"
_DATA_AFTER = re.compile(
    r"\s?%?\s(?:on|over|for)\s(?:the\s)?(?P<data>[A-Za-z-]+)\s(?:set|data(?:set)?|split|images|examples|samples)\b",
    re.IGNORECASE,
)
"""Matches words after a number that name its data, as in `an accuracy of 0.91 on the test set`."""
_COUNT_WITH_PERCENT = re.compile(r"\d+\s{2,40}\d+(?:\.\d+)?\s{0,10}%")
"""Matches a count and its percentage: `Correctly classified   144   96 %`."""
_SENTENCE_SUBJECT = re.compile(
    r"(?:^|[,;|.:)\]]\s|\s[-–—]\s|\w:(?=[A-Z]))\s*"
    r"(?P<name>(?P<what>(?:(?!\s[-–—]\s)[^,;|:=]){2,60}?)\s(?:of|on|for|over|in|after|at|improved|decreased|increased)\b[^,;|=]*)[:=]?\s*$"
)
_NUMBERED = re.compile(r"[+-]?(?:0\d{2,}|\d{4,})")
"""Matches the number in a file name such as `snapshot-000100`, a counter that is not part of a metric's name."""
_INCOMPLETE_END = re.compile(
    r"\b(?:the|last|past|first|all|previous|these|those|on|over|of|in|for|after|with)\s*$", re.IGNORECASE
)
_BRACKETED = re.compile(r"\]:? \[$")  # `train.py:48] [300] loss=0.5`: nothing names the 300
_MODULE = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+")  # what a logger is called
_PER_COUNTER = re.compile(r"\s*[A-Za-z]+\s(?:epoch|step|iter(?:ation)?|round)\s*", re.IGNORECASE)
_COUNTED = re.compile(rf"\b(?:{_COUNT_WORD})\W{{0,4}}\d", re.IGNORECASE)
_COUNTING = re.compile(rf"\b(?:{_COUNT_WORD})\s*$", re.IGNORECASE)
_OF_METRIC = re.compile(r"\d+(?:\.\d+)?%?\s(?P<noun>[A-Za-z]{3,20})\b(?!\s?[:=(]|\s[-+.]?\d)")
_NOUN_AFTER = re.compile(r"\d+\s(?P<noun>[A-Za-z]{3,20})\b(?P<named>\s?[:=(]|\s[-+]?\.?\d)?")
_QUOTED = re.compile(r"[=:]\s?\"([A-Za-z][A-Za-z_ ]{1,30})\"\s")
_DURATION_VERBS = frozenset(["took", "takes", "taken"])
_PREVIOUS = "previous "
_PLUS_MINUS = ("±", "+/-", "+-", "(±", "(+/-", "(+-")
_SECOND_NUMBER_SUFFIX = {"(": "in brackets", "/": "after /"} | dict.fromkeys(_PLUS_MINUS, "±")
"""For two numbers that share a name: maps the text between them to a suffix for the second number's name."""


class NamedNumber(NamedTuple):
    """One number of a line."""

    name: str
    """The name as the line writes it; empty if the line gives none."""
    role: Role
    is_part_of_name: bool = False
    """True for a number within a name, as in `HR@10`, `top-1` or `valid_1`."""


def named_numbers(
    line: str, spans: Sequence[tuple[int, int]], header: Sequence[str] | None = None, heading_data: str = ""
) -> list[NamedNumber]:
    """Return the name and role of each value of a line; `spans` are the start and end of each value.

    For a row of a table, `header` has the name of each value. `heading_data` names the data, such as `val`, that a
    heading above the line names.
    """
    return _LineNamer(line, spans, header, heading_data).read()


class _LineNamer:
    def __init__(
        self, line: str, spans: Sequence[tuple[int, int]], header: Sequence[str] | None, heading_data: str
    ) -> None:
        self._line = line
        self._spans = spans
        self._header = header
        self._name_at = keyed_values(line) | shared_names(line, spans)
        self._name_spans = [match.span() for match in _AT_BRACKETS.finditer(line)]
        self._ignored_spans = [
            match.span()
            for pattern in (_BAR, _BAR_WITHOUT_FILL, CLOCK, _IGNORED_NUMBER, _WEIGHTED)
            for match in pattern.finditer(line)
        ]
        self._named: list[NamedNumber] = []
        self._search_start = 0
        """Position in the line at which the search for the next number's name begins."""
        self._metric_end = 0
        """Position in the line at which the last value of a metric ended."""
        self._split = heading_data
        """The words in the line that name the data of the following values, such as `val`."""
        self._topic = ""
        """The metric of the following values, which name only their data: `loss` in `loss: train 0.3, val 0.4`."""
        self._count_metric = ""
        """The metric of the previous number, if that was a count before its percentage; see _COUNT_WITH_PERCENT."""
        if _EVALUATED.search(line):
            self._split = "eval"
        elif "{" in line:
            self._update_split(line[: line.index("{")])  # `Validation: {"loss": 0.5}`

    def read(self) -> list[NamedNumber]:
        for index, (start, end) in enumerate(self._spans):
            named_number = self._name_number(index, start, end)
            self._named.append(named_number)
            if not named_number.is_part_of_name:
                self._search_start = unit_end(self._line, end) or end
                self._metric_end = end if named_number.role is Role.METRIC else self._metric_end
        return self._named

    def _name_number(self, index: int, start: int, end: int) -> NamedNumber:
        if _is_within(self._name_spans, start):
            return NamedNumber("", Role.OTHER, is_part_of_name=True)
        if _is_within(self._ignored_spans, start):
            return NamedNumber("", Role.ENVIRONMENT)
        if self._is_end_of_range(index, start, end):
            return NamedNumber("", Role.ENVIRONMENT)
        if self._header is not None and index < len(self._header) and self._header[index]:
            return self._with_role(self._header[index], start, end)
        if self._is_thousands(index, start, end):
            return NamedNumber("", Role.ENVIRONMENT)
        if _BRACKETED.search(self._line, 0, start) and re.match(r"\d+\]", self._line[start : end + 1]):
            return NamedNumber("", Role.COUNTER)
        if start in self._name_at:
            if "{" not in self._line:
                self._update_split(self._line[self._search_start : start])
            return self._with_role(self._with_split(self._name_at[start]), start, end)
        if not self._line[:start].strip() and (match := _NAME_AFTER.match(self._line, end)):
            return self._with_role(" ".join(match["name"].split()), start, end)
        if self._is_part_of_word(start, end):
            if _NUMBERED.fullmatch(self._line[start:end]):
                return NamedNumber("", Role.COUNTER)
            return NamedNumber("", Role.OTHER, is_part_of_name=True)
        return self._name_by_words(index, start, end)

    def _name_by_words(self, index: int, start: int, end: int) -> NamedNumber:
        """Return the name of a number, from the words around it or the number before it."""
        name = self._name_before(start) or self._count_metric
        match = _DATA_AFTER.match(self._line, end)
        split = find_split(match["data"]) if match else None
        if split and name and not find_split(name) and meaning_of(name).role is Role.METRIC:
            name = f"{split} {name}"
        if name == self._count_metric:
            self._count_metric = ""
        elif meaning_of(name).role is Role.METRIC and _COUNT_WITH_PERCENT.match(self._line, start):
            self._count_metric = name
            return NamedNumber(name, Role.OTHER)
        if not name and index and self._line[self._spans[index - 1][1] : start].strip() in _SECOND_NUMBER_SUFFIX:
            return self._name_second_number(index, start)
        return self._with_role(name, start, end)

    def _is_end_of_range(self, index: int, start: int, end: int) -> bool:
        """Return whether a number ends a range such as `batches 0-99`, where `-` is not a minus sign."""
        is_beside = bool(index) and self._spans[index - 1][1] == start and not self._named[index - 1].is_part_of_name
        return is_beside and re.fullmatch(r"-\d+", self._line[start:end]) is not None

    def _is_thousands(self, index: int, start: int, end: int) -> bool:
        """Return whether a number is the end of a longer number, as `520` in `491,520`."""
        if (
            not index
            or self._line[self._spans[index - 1][1] : start] != ","
            or not re.fullmatch(r"\d{3}", self._line[start:end])
        ):
            return False
        low, high = self._spans[index - 1]
        is_first = re.fullmatch(r"\d{1,3}", self._line[low:high]) is not None
        return is_first and self._named[index - 1].role is not Role.METRIC and not self._line[end:].startswith(".")

    def _name_second_number(self, index: int, start: int) -> NamedNumber:
        """Return the name of a second number beside the first: `Loss 0.31 (0.35)`, `9800/10000`, `0.5 ± 0.1`."""
        first = self._named[index - 1]
        sign = self._line[self._spans[index - 1][1] : start].strip()
        texts = [self._line[slice(*self._spans[position])] for position in (index - 1, index)]
        if unit_end(self._line, self._spans[index][1]) or (
            sign == "(" and texts[1].isdigit() and not texts[0].isdigit()
        ):
            return NamedNumber("", Role.ENVIRONMENT)  # `best: 0.5 (12)`, `loss 0.5 (3.1 s)`
        is_whole = texts[1].isdigit() and (texts[0].isdigit() == (sign == "/"))
        role = Role.COUNTER if is_whole and sign in "/(" else first.role
        suffix = _SECOND_NUMBER_SUFFIX[sign]
        if suffix == "±":
            role = Role.OTHER if role is Role.METRIC else role  # how far it scatters
        base = first.name.removesuffix(" after /")
        if suffix == "in brackets" and first.role is Role.METRIC and self._is_of_single_batch(index):
            self._named[index - 1] = NamedNumber(f"{base}{OF_THE_BATCH}", first.role)
            return NamedNumber(base, role)
        return NamedNumber(f"{base} {suffix}" if base else "", role)

    def _is_of_single_batch(self, index: int) -> bool:
        """Return whether the previous number is of a single batch, as `0.31` in `Test: [40/97] Loss 0.31 (0.35)`."""
        is_held_out = find_split(self._named[index - 1].name) in (Split.VALIDATION, Split.TEST)
        return is_held_out and _BATCH_COUNT.search(self._line, 0, self._spans[index - 1][0]) is not None

    def _with_role(self, name: str, start: int, end: int) -> NamedNumber:
        name = "time" if name.lower() in _DURATION_VERBS else name
        role = meaning_of(name).role
        text = self._line[start:end]
        if role is Role.OTHER and find_split(name) and set(words_in(name)) == {words_in(name)[-1]} and "." in text:
            role = Role.METRIC  # `train 0.53 val 0.61`
        elif role is Role.OTHER and text.isdigit() and name and all(find_split(word) for word in words_in(name)):
            role = Role.COUNTER  # `Train: 3 [640/60000]`
        if (unit_end(self._line, end) and role is not Role.METRIC) or (
            role is Role.METRIC and re.match(r"\s?(?:ms|secs?|seconds?|s)\b", self._line[end : end + 10])
        ):
            role = Role.ENVIRONMENT
        if role is Role.OTHER and self._is_count(start, end):
            role = Role.COUNTER
        previous = self._named[-1] if self._named else None
        is_summary = meaning_of(name).is_summary and start not in self._name_at and not self._header
        if role is Role.OTHER and previous and previous.role is Role.METRIC and is_summary:
            return NamedNumber(f"{previous.name} {name}", Role.METRIC)
        return NamedNumber(name, role)

    def _is_count(self, start: int, end: int) -> bool:
        """Return whether a number is a count: `12/391` or `12 epochs` anywhere, `[12] …` or `12: …` at the start."""
        before, after = self._line[:start].strip(), self._line[end : end + 20]
        if not self._line[start:end].isdigit():
            return False
        if re.match(rf"(?:{_COUNT_WORD})\b", after, re.IGNORECASE):
            return True
        total = re.match(r"\s?/\s?\d+(?!\.?\d)", after)
        return bool(total) or (before in ("", "[") and bool(re.match(r"[\]:|]", after)))

    def _is_part_of_word(self, start: int, end: int) -> bool:
        """Return whether a number belongs to a word: `valid_1`, `top-1`, `HR@10`, `mAP50-95`, `2nd`, `v1.8`."""
        line = self._line
        digits = line[start:end].lstrip("+-")
        if not digits.replace(".", "").isdigit():
            return False
        before, after = line[:start], line[end : end + 12]
        if _COUNTS.search(before[-24:]) and not before.endswith("@"):
            return False
        is_whole = "." not in digits
        if before.endswith("#") or (before.endswith(".") and before[-2:-1].isdigit()) or re.match(r"\.\d", after):
            return True
        last_char = before[-1:]
        is_behind_part = bool(self._named) and self._named[-1].is_part_of_name
        if last_char == "@" or before.endswith("@.") or (before.endswith(":.") and is_behind_part):
            return True  # `mAP@0.5`, `mAP@.5:.95`
        if last_char == "_" and not is_whole and before[-2:-1].isalnum():
            return True  # `decode/wer_11_0.5`, `model_0.93.pt`: a file
        # Chinese writes no blank before a number.
        is_joined = last_char.lower() != last_char.upper() or last_char in ("_", "@")
        if not is_joined and last_char.isdigit() and self._named and self._named[-1].is_part_of_name:
            is_joined = True
        if is_joined and is_whole:
            return not re.fullmatch(r".*\d[.,:]", before[-3:])
        if re.match(rf"(?:{_COUNT_WORD})\b", after, re.IGNORECASE):
            return False
        if last_char and last_char in "vV" and not before[-2:-1].isalnum():
            return True
        is_word = bool(re.match(r"-?[a-z]", after, re.IGNORECASE)) and not UNIT.match(after)
        return is_word and is_whole

    def _name_before(self, start: int) -> str:
        text = self._line[max(self._search_start, start - _MAX_NAME_DISTANCE) : start]
        bracket_start = next(
            (low for low, high in self._name_spans if self._search_start <= low < high <= start), None
        )
        if bracket_start is not None:
            name = tidy(self._line[self._search_start : start])
            return name if name.endswith("]") or "]" not in self._line[self._search_start : start] else f"{name} ]"
        text = _ARROW.sub("  ", text)
        self._update_split(text)
        if changed_name := self._changed_metric_name(text):
            return changed_name
        name = trailing_name(text)
        if _INCOMPLETE_END.search(name) and (noun := self._noun_after(start, or_name=True)):
            return noun
        role = meaning_of(name).role
        if role is Role.OTHER and not re.search(r"[:=]\s*$", text):
            match = _OF_METRIC.match(self._line, start)
            if match and meaning_of(match["noun"]).role is Role.METRIC:
                return match["noun"]  # `the model reached 0.93 accuracy`
        is_fraction = re.match(r"\d+\.\d", self._line[start : start + 20]) is not None
        is_counter_sentence = (
            role is Role.COUNTER and (is_fraction or self._metric_end < self._search_start) and ":" in text
        )
        if (role in (Role.OTHER, Role.SETTING) or is_counter_sentence) and (subject := self._sentence_subject(start)):
            return subject
        if name and (full_name := self._name_with_topic(name, text)):
            return full_name
        is_inside = text.lstrip().startswith("(") and not find_split(text)
        if is_inside and self._named and find_split(self._named[-1].name):
            self._split = last_split_word(self._named[-1].name)  # `val_loss=0.4 (acc=0.9)`
        return self._with_split(name) if name else self._noun_after(start)

    def _changed_metric_name(self, text: str) -> str:
        """Return the name of the old or new value after `text`, as in `val_loss improved from 0.5`; empty if none."""
        if self._named and self._named[-1].name.startswith(_PREVIOUS) and text.strip() == "to":
            return self._named[-1].name.removeprefix(_PREVIOUS)
        match = _CHANGED_VALUE.search(text)
        if not match or meaning_of(match["what"]).role is not Role.METRIC:
            return ""
        best = "best " if match["verb"].lower() == "improved" else ""
        return f"{_PREVIOUS if match['end'].lower() == 'from' else ''}{best}{trailing_name(match['what'])}"

    def _name_with_topic(self, name: str, text: str) -> str:
        """Return the full name of a value called only `val`, as in `loss: train 0.3, val 0.4`; otherwise empty."""
        is_short = bool(self._topic) and name.lower() in SHORT_SPLITS  # `loss: tr 0.3, va 0.4`
        if not (find_split(name) or is_short) or len(words_in(name)) > 1:
            self._topic = ""
            return ""
        text_before = (
            text.rstrip(NAME_DELIMITERS)[: -len(name)].rstrip(NAME_DELIMITERS)
            if text.rstrip(NAME_DELIMITERS).endswith(name)
            else ""
        )
        topic = trailing_name(text_before)
        if topic and meaning_of(topic).role is Role.METRIC and not find_split(topic):
            self._topic = topic
        return f"{name} {self._topic}" if self._topic else ""

    def _sentence_subject(self, start: int) -> str:
        """Return the name at the beginning of a sentence such as `Accuracy on the test set: 97`; empty if none."""
        match = _SENTENCE_SUBJECT.search(self._line[max(self._metric_end, start - _MAX_NAME_DISTANCE) : start])
        if not match or meaning_of(match["what"]).role is not Role.METRIC or _COUNTING.search(match["name"]):
            return ""
        if _INCOMPLETE_END.search(match["name"]) and (noun := self._noun_after(start, or_name=True)):
            return noun  # `… on the 10000 test images`: this number is not the metric's
        name = match["what"] if _COUNTED.search(match["name"]) else _VERB.sub("", match["name"])
        return tidy(LEVEL.sub("", name))

    def _noun_after(self, start: int, *, or_name: bool = False) -> str:
        """Return the noun after a number: `epochs` in `10 epochs`. With `or_name`, also `loss` in `10 loss: 0.5`."""
        match = _NOUN_AFTER.match(self._line, start)
        is_noun = match is not None and match["noun"].lower() not in STOP_WORDS
        return match["noun"] if match and is_noun and (or_name or not match["named"]) else ""

    def _update_split(self, text: str) -> None:
        """Record the data that a text, such as `Test set:` or `[val]`, names for the numbers after it."""
        quoted = [part for part in _QUOTED.findall(text) if find_split(part)]
        if quoted:
            self._split = last_split_word(quoted[-1])  # `msg="eval" loss=0.5`
        parts = re.split(r"[|:,;\[\](]|\s{2,}| [-–—] ", text)
        for part in parts:
            words = words_in(part)
            if self._split.lower() == "tr" and len(words) == 1 and words[0] in SHORT_SPLITS:
                self._split = words[0]  # `tr 0.4 | va 0.5 | acc 0.9`
            if part is not parts[-1] and _MODULE.fullmatch(part.strip()):
                continue  # `package.training.callbacks - INFO - loss 0.5` does not say that this is a training loss
            if _PER_COUNTER.fullmatch(part) and find_split(part):
                self._split = last_split_word(part)  # `eval epoch: 3, loss: 0.5`
            elif (
                words
                and len(words) <= MAX_NAME_WORDS
                and find_split(part)
                and meaning_of(part).role is not Role.COUNTER
            ):
                self._split = last_split_word(part)
                if len(re.findall(r"[^\W\d]+", part)) == 1 and len(words) > 1:
                    self._split = ""  # `val_loss` says nothing about the numbers after its own

    def _with_split(self, name: str) -> str:
        """Add the data that the line named before, such as `val`, to a metric's name that names no data."""
        if find_split(name) or meaning_of(name).role is not Role.METRIC or not find_split(f"{self._split} {name}"):
            return name
        return f"{self._split} {name}"


def _is_within(spans: Sequence[tuple[int, int]], position: int) -> bool:
    return any(low <= position < high for low, high in spans)
