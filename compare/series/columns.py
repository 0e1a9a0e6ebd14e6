"""Finds the columns in lines of one form: counters, times, metrics and other numbers."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from gedanken.compare.output.durations import CLOCK
from gedanken.compare.output.keyed_values import keyed_values
from gedanken.compare.output.metrics import Metric, epoch_position
from gedanken.compare.output.named_numbers import NamedNumber, named_numbers
from gedanken.compare.output.number_lists import NumberList, index_in, name_before, number_lists
from gedanken.compare.output.transcript import VALUE, template_of
from gedanken.compare.output.vocabulary import Meaning, Measures, Role, Split, find_split, meaning_of, name_key
from gedanken.compare.output.wording import HOLE
from gedanken.compare.series.sections import SPLITS
from gedanken.compare.source.print_sites import PrintSite

LONGEST = 10_000
"""Maximum length of a form that is read. A longer line is not treated as a line of a log."""
MOST_COLUMNS = 400
Fixed = tuple[tuple[int, float], ...]
"""Pairs (index, value) for the values that are part of a name, such as 5 in `Top-5`.

By these values, columns of the same form are told apart.
"""
_CONTEXT_LENGTH = 40
SECTION = -1
"""In the pairs of `Fixed`, the index that stands for the heading above a line. It is not the index of a value."""
_MAX_WORDS_LENGTH = 60
"""Maximum length of the text that describes a number without a name by the words of its line."""
_BEFORE_TOTAL = re.compile(r"^\s?(?:/|of)\s?$", re.IGNORECASE)
_TOTAL_AFTER = re.compile(r"\s?/\s?(\d{1,18})(?!\.?\d)")
_LABEL_AT_START = re.compile(r"\W*(?P<word>[^\W\d_][\w-]+)(?:\s?[\]:|)]|\s{2,}|\t)")
"""Matches a label at the beginning of a line, such as `Teacher` in `[Teacher] loss 0.5`.

It does not match the first word of a sentence.
"""
_TAG = re.compile(r"\[([A-Za-z]\w{1,19})\](?=[A-Za-z])[^\[\]]*$")
"""Matches a word in brackets directly before the name of a number: `[Avg]` in `[Eval][Epoch 1][Avg]loss: 0.5`."""
STARRED = re.compile(r"(?:^|[\]):] (?:INFO )?)\* +(?=[^\W\d])")
"""Matches a line such as `* Acc@1 71.2 Acc@5 90.1`.

In PyTorch's ImageNet example and the many programs derived from it, such a line is the summary of an evaluation.
"""
_SEPARATOR = re.compile(r"[,;|│┃║]|\t")
MEMBER = re.compile(r"""\s*(["'])[^"']{1,80}\1\s?:(?!.*[{}])""")
"""Matches a line with one key of an object that is printed in several lines, one key in each."""
_PREFIX = re.compile(r"\b(?:DEBUG|INFO|WARNING|ERROR)\b(?::[\w.]+:)?")
"""Matches the level in a prefix that a logger writes: `INFO`, or `INFO:root:` with the name of the logger."""
_SLASH = re.compile(r"\s?/\s?")
_PERCENT = re.compile(r"\s?%")
_CLAUSE = r"(?:^|[:;|\]]\s+)(?P<clause>[A-Za-z]+(?: [A-Za-z_.]+){1,4}),\s+"
"""Pattern for words before a comma that say what the numbers after it are about: `Solving for Ux, Initial residual
= 0.1`.
"""
_BEFORE_TIME = re.compile(r"\b(?:finished in|completed in|training in|seconds)\b[^\w]{0,6}$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Column:
    """One number in all lines of a form, or only in those lines that have the values in `fixed`."""

    form: str
    index: int
    """Position of the number among all values of the line, counted from 0."""
    label: str
    """Name of the number, such as `test accuracy`.

    For a number without a name, the words of its line.
    """
    metric: Metric | None
    """The metric that the number measures; None if the number is not a metric."""
    is_environment: bool
    """True for a time, a date, a speed, a memory size or a source line number."""
    site: PrintSite | None

    fixed: Fixed = ()
    """(index, value) of each value in the column's name, such as 10 in `HR@10`.

    The column contains only lines with these values.
    """
    words: str = ""
    """The column's name without the values in `fixed`."""
    longer_names: tuple[str, ...] = ()
    """Longer names of the number. One of them is used if another column has the same label."""
    head: str = ""
    """The label at the beginning of the line, such as the class that a table row is about."""
    is_key: bool = False
    """True if the number is the value of a key in an object (JSON, a Python dict)."""
    is_found_by_name: bool = False
    """True if the order of the numbers in the line does not matter, as in JSON or CSV."""
    merged: tuple[tuple[str, int], ...] = ()
    """Pairs (form, index) of the same number in lines of other forms. These were merged into this column."""

    @property
    def meaning(self) -> Meaning:
        return meaning_of(self.words)

    @property
    def is_starred(self) -> bool:
        """True if the column's lines begin with a star, which marks the summary of an evaluation."""
        return STARRED.search(self.form) is not None and self.meaning.split is not Split.TRAIN


def form_up_to_last_value(form: str) -> str:
    """Cut a form after its last value: `epoch # loss # *` becomes `epoch # loss #`.

    Text that names the data, such as `(validation)`, is kept.
    """
    end = form.rfind("#") + 1
    return form[:end] if end and not (form[end:].strip() and find_split(form[end:])) else form


def column_of_user_metric(name: str) -> Column:
    """Build the column of a metric that the user defines with a regular expression."""
    return Column("", 0, name, Metric(" ".join(name_key(name)), False, 0, 0.0, 0, False), False, None, words=name)


@dataclass(frozen=True)
class Form:
    """A form, and what its values mean as read from one line of this form."""

    form: str
    line: str
    sites: Sequence[PrintSite]
    row: tuple[str, ...] | None = None
    """If the line is a row of a table: for each value, the name of its column."""
    fixed: Fixed = ()
    """Values that are part of names, as pairs (index, value).

    Only lines of the form that have these values are read.
    """
    is_bar: bool = False
    """True if the line shows a progress bar."""

    @cached_property
    def spans(self) -> list[tuple[int, int]]:
        """Start and end of each value in the line."""
        return [match.span() for match in VALUE.finditer(self.line)]

    @cached_property
    def site(self) -> PrintSite | None:
        """The print site that makes lines of this form; if there are several, the one with the most words."""
        makers = [site for site in self.sites if site.values(self.line) is not None]
        return max(makers, key=lambda site: len(site.template.replace(HOLE, "")), default=None)

    @cached_property
    def epoch(self) -> int | None:
        """Index of the value that is the epoch; None if no value is."""
        epoch_start = epoch_position(self.line)
        if epoch_start is None:
            return None
        return next((index for index, (start, end) in enumerate(self.spans) if start <= epoch_start < end), None)

    @cached_property
    def named(self) -> list[NamedNumber]:
        """The name and role (such as metric or counter) of each value, for the first MOST_COLUMNS values."""
        heading_data = SPLITS[int(dict(self.fixed).get(SECTION, 0))]
        return named_numbers(self.line, self.spans[:MOST_COLUMNS], self.row, heading_data)

    @cached_property
    def parts_of_names(self) -> tuple[int, ...]:
        """The indices of values that are part of a name, such as 10 in `HR@10`."""
        return tuple(index for index, named in enumerate(self.named[:MOST_COLUMNS]) if named.is_part_of_name)

    @cached_property
    def counters(self) -> tuple[int, ...]:
        """The indices of values that count something, such as steps, batches or rounds; without the epoch."""
        return tuple(
            index
            for index, named in enumerate(self.named)
            if index != self.epoch
            and named.role is Role.COUNTER
            and not (index and _BEFORE_TOTAL.match(self._gap_before(index)))
        )

    def name_of(self, counter: int) -> str:
        """Return the name of a counter, such as `step`."""
        return self.named[counter].name.lower() or "count"

    def is_environment(self, index: int) -> bool:
        """Return whether a value is a time, date, speed, memory size or source line number."""
        start = self.spans[index][0]
        is_clock = any(low <= start < high for low, high in self._clock_spans)
        role = self.named[index].role
        return (
            is_clock
            or role is Role.ENVIRONMENT
            or (role is Role.OTHER and bool(_BEFORE_TIME.search(self._text_before(index))))
        )

    def metric(self, index: int) -> Metric | None:
        """Return the metric of the value with this index; None if the value belongs to no metric."""
        named = self.named[index]
        if named.role is not Role.METRIC or self.is_environment(index):
            return None
        start, end = self.spans[index]
        text = self.line[start:end]
        is_accuracy = meaning_of(named.name).measures is Measures.ACCURACY
        total_match = _TOTAL_AFTER.match(self.line, end) if is_accuracy and text.isdigit() else None
        is_percent = (
            text.endswith("%") or _PERCENT.match(self.line, total_match.end() if total_match else end) is not None
        )
        key = " ".join(name_key(named.name))
        return Metric(key, is_accuracy, start, 0.0, int(total_match[1]) if total_match else 0, is_percent)

    def columns(self) -> list[Column]:
        """List the columns that may be measurements.

        Counters, totals, shapes and constants of the source are left out.
        """
        counter_indices = {self.epoch, *self.counters}
        metric: Metric | None = None
        columns = []
        for index, (start, end) in enumerate(self.spans[:MOST_COLUMNS]):
            is_total = bool(index and _BEFORE_TOTAL.match(self._gap_before(index))) and (
                index - 1 in counter_indices
                or (metric is not None and metric.of > 0)
                or self.named[index].role is Role.COUNTER
            )
            metric = self.metric(index)
            is_shape = self.line.startswith(("torch.Size", "tensor("), start)
            is_value = not (index in counter_indices or is_total or is_shape or self.named[index].is_part_of_name)
            if is_value and self._is_in_hole(start, end):
                is_environment = metric is None and self.is_environment(index)
                if not self.named[index].name and (is_environment or self._is_progress(index)):
                    continue  # a clock time, a progress bar
                name, is_key = self.named[index].name, start in self._keys_by_position
                is_in_row = self.row is not None and self.row[index : index + 1] != ("",)
                is_in_table = is_in_row and _SEPARATOR.search(self.form) is not None
                columns.append(
                    Column(
                        self.form,
                        index,
                        self._build_label(index),
                        metric,
                        is_environment,
                        self.site,
                        self.fixed,
                        name,
                        is_key=is_key,
                        is_found_by_name=is_key or is_in_table or MEMBER.match(self.form) is not None,
                    )
                )
        return columns

    def named_in_full(self, column: Column) -> Column:
        """Return the column with its `head` and its longer names.

        They are found only now, because only the few columns that are tested need them.
        """
        index, label = column.index, column.label
        return replace(column, head=self.head(index, label), longer_names=self._other_names(index, label))

    def _is_progress(self, index: int) -> bool:
        """Return whether a number is the progress in a progress bar, such as `40%` or `4/10`."""
        start, end = self.spans[index]
        has_slash = _SLASH.match(self.line, end) or (index and _SLASH.fullmatch(self._gap_before(index)))
        return self.is_bar and bool(has_slash or self.line.startswith("%", end - self.line[start:end].endswith("%")))

    def _build_label(self, value_index: int) -> str:
        """Build a column's label with the values in `fixed`, such as 0 in `rank0 loss`."""
        label = self.named[value_index].name or self._describe(value_index)
        for index, _value in self.fixed:
            if index == SECTION:
                continue
            low, high = self.spans[index]
            if self.line[low:high] not in label:
                word = re.search(r"[^\s\[\](){}|:,;=]*$", self.line[:low])
                label = f"{word[0] if word else ''}{self.line[low:high]} {label}"
        return label

    def _describe(self, index: int) -> str:
        """Describe a number without a name: `betas[1]` in a list, otherwise by the words of its line."""
        if number_list := next((number_list for number_list in self._lists if index in number_list.columns), None):
            first = number_list.columns[0]
            if name := self.named[first].name or name_before(self.line, self.spans, number_list):
                return f"{name}{index_in(number_list, index)}"
        unnamed = [
            position
            for position, named in enumerate(self.named)
            if not named.name
            and not named.is_part_of_name
            and position not in self.counters
            and position != self.epoch
        ]
        words = _shorten(template_of(self.form, "…"))
        if not any(map(str.isalpha, words)):
            return f"column {index + 1}"
        return f"“{words}”" if len(unnamed) == 1 else f"number {index + 1} of “{words}”"

    def _other_names(self, index: int, label: str) -> tuple[str, ...]:
        """Build longer names for a number whose label is not unique."""
        opening = self.line[: self.spans[index][0]]
        # The keys of an object before a number are about other numbers.
        split = find_split(opening.partition("{")[0])
        words = " ".join(_without_log_prefix(opening).split()).strip(" :=-|")
        is_short = len(words) <= 40 and words[:1].isalpha() and not any(map(str.isdigit, words))
        names = [words] if is_short and words.endswith(label) else []
        names += [f"* {label}"] if STARRED.search(self.form) else []
        if word_match := re.search(rf"(?P<word>\b[A-Za-z]{{3,20}}) {re.escape(label)}\W*$", opening):
            names.append(f"{word_match['word']} {label}")
        names += [f"{split} {label}"] if split and not find_split(label) else []
        if head := self.head(index, label):
            names.append(f"{head} {label}")
        names += [f"{tag} {label}" for tag in _TAG.findall(opening) if tag not in label]
        words = _shorten(template_of(self.form, "…"), 30)
        return (*names, f"{label} of “{words}”", f"{label}, number {index + 1} of “{words}”")

    def head(self, index: int, label: str) -> str:
        """Return the label at the beginning of the line: `Teacher` in `[Teacher] loss 0.5`.

        Empty if there is no such label, or if the number's name `label` already begins with it.
        """
        opening = self.line[: self.spans[index][0]]
        clause_match = re.search(rf"{_CLAUSE}{re.escape(label)}\W*$", opening)
        if clause_match and meaning_of(clause_match["clause"]).role is Role.OTHER:
            return clause_match["clause"]
        label_match = _LABEL_AT_START.match(_without_log_prefix(opening).lstrip()) or _LABEL_AT_START.match(
            _PREFIX.sub("", opening).lstrip()
        )
        is_other = label_match and not label.startswith(label_match["word"])
        role = meaning_of(label_match["word"]).role if label_match else None
        return label_match["word"] if label_match and is_other and role not in (Role.METRIC, Role.COUNTER) else ""

    def _text_before(self, index: int) -> str:
        return self._gap_before(index)[-_CONTEXT_LENGTH:]

    def _gap_before(self, index: int) -> str:
        return self.line[self.spans[index - 1][1] if index else 0 : self.spans[index][0]]

    @cached_property
    def _keys_by_position(self) -> dict[int, str]:
        return keyed_values(self.line)

    @cached_property
    def _lists(self) -> list[NumberList]:
        return number_lists(self.line, self.spans)

    @cached_property
    def _clock_spans(self) -> list[tuple[int, int]]:
        return [match.span() for match in CLOCK.finditer(self.line)]

    def _is_in_hole(self, start: int, end: int) -> bool:
        return self.site is None or any(low < end and start < high for low, high in self._hole_spans)

    @cached_property
    def _hole_spans(self) -> list[tuple[int, int]]:
        values = self.site.values(self.line) if self.site else None
        if self.site is None or values is None:
            return []
        position = len(self.line) - len(self.line.lstrip())
        spans = []
        for words, value in zip(self.site.template.split(HOLE), (*values, ""), strict=True):
            position += len(words)
            spans.append((position, position + len(value)))
            position += len(value)
        return spans


def _without_log_prefix(opening: str) -> str:
    """Return the text of a line after its logger's prefix."""
    return _PREFIX.split(opening)[-1].lstrip(" :|-]")


def _shorten(words: str, most: int = _MAX_WORDS_LENGTH) -> str:
    """Cut a text after a word, so that it has at most `most` characters."""
    if len(words) <= most:
        return words
    return words[:most].rsplit(" ", 1)[0] + " …"
