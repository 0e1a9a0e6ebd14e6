"""Names numbers that are written as a group: `loss (train/val): 0.5/0.6`, `P/R/F1 = 0.8/0.7/0.75`."""

import re
from collections.abc import Iterator, Sequence

from gedanken.compare.output.vocabulary import Role, find_split, meaning_of, words_in

_MAX_GROUP_SIZE = 6
"""Maximum number of names in one group."""
_MAX_NAME_DISTANCE = 120
"""Maximum distance in characters between the names and their numbers."""
_SLASH = re.compile(r"\s?/\s?")
_END_CHARACTERS = " \t:=~>-([{'\"`"
_SUMMARY_WORDS = frozenset(["mean", "average", "avg", "best", "macro", "micro", "weighted", "overall"])
_SHORT_WORD = re.compile(r"[A-Za-z_]\w{0,11}")
_SHORT_NAMES = {"p": "precision", "r": "recall", "f": "f1", "prec": "precision", "rec": "recall"}
"""Meaning of short names when they are part of a group."""
_SEPARATOR = re.compile(r"[,;|\]}\t]\s?|\s{2,}|:\s| [-–] |(?<=\d)\s|(?<=\d\))\s")
_IN_BRACKETS = re.compile(r"(?P<head>.*?)[(\[](?P<names>[^()\[\]]{1,80})[)\]]$")
_NAMES_AFTER = re.compile(r"\s?[(\[](?P<names>(?:[^()\[\]\d]|(?<=[A-Za-z@])\d){1,80})[)\]]")
_TAG_AFTER = re.compile(r"\s?[(\[](?P<name>[A-Za-z]{2,12})[)\]]")

Span = tuple[int, int]


def shared_names(line: str, spans: Sequence[Span]) -> dict[int, str]:
    """Return the name of each number in a group such as `loss (train/val): 0.5/0.6`, keyed by the number's start in
    `line`.

    `spans` holds the start and end of each number in the line.
    """
    names: dict[int, str] = {}
    groups = list(_groups(line, spans))
    legend = _legend_names(line, groups)
    for group in groups:
        if legend is not None and len(group) == len(legend):
            names |= {span[0]: name for span, name in zip(group, legend, strict=True)}
            continue
        start, end = group[0][0], group[-1][1]
        for group_names in (
            _names_before(line[:start], len(group)),
            _names_after(line[:start], line[end:], len(group)),
        ):
            if group_names:
                names |= {span[0]: name for span, name in zip(group, group_names, strict=True)}
                break
    return names | _names_from_tags(line, spans)


def _legend_names(line: str, groups: Sequence[Sequence[Span]]) -> list[str] | None:
    """Return the names at the end of a line that hold for all its groups, as in `Train: 0.4/0.9, Val: 0.5/0.8
    (loss/acc)`.

    None if the line does not end with such names.
    """
    match = _NAMES_AFTER.fullmatch(line.rstrip(), groups[-1][-1][1]) if len(groups) > 1 else None
    items = _split_items(match["names"]) if match else []
    return items if items and all(_is_metric(item) and not find_split(item) for item in items) else None


def _groups(line: str, spans: Sequence[Span]) -> Iterator[Sequence[Span]]:
    """Yield groups of two or more numbers that are separated only by `/`."""
    group: list[Span] = []
    for span in spans:
        if group and _SLASH.fullmatch(line, group[-1][1], span[0]):
            group.append(span)
            continue
        if 1 < len(group) <= _MAX_GROUP_SIZE:
            yield group
        group = [span]
    if 1 < len(group) <= _MAX_GROUP_SIZE:
        yield group


def _names_before(text: str, count: int) -> list[str] | None:
    """Return the names before a group of `count` numbers; None if there are none."""
    text = text[-_MAX_NAME_DISTANCE:].rstrip(_END_CHARACTERS)
    brackets = _IN_BRACKETS.fullmatch(text)
    if brackets:
        return _complete_names(_split_items(brackets["names"]), _last_part(brackets["head"]), count)
    parts = [part.strip() for part in _last_part(text).split("/")]
    if len(parts) != count or not all(parts):
        return None
    if all(len(part.split()) < 4 for part in parts) and (full_names := _complete_names(parts, "", count)):
        first_word, _, other_words = full_names[0].partition(" ")
        is_shared_word = (
            other_words
            and (first_word.lower() in _SUMMARY_WORDS or find_split(first_word))
            and not any(" " in name for name in full_names[1:])
        )
        return [full_names[0], *(f"{first_word} {name}" for name in full_names[1:])] if is_shared_word else full_names
    (*head, first), (last, *tail) = parts[0].split(), parts[-1].split()
    return _complete_names([first, *parts[1:-1], last], " ".join(tail) or " ".join(head), count)


def _names_after(text: str, after: str, count: int) -> list[str] | None:
    """Return the names after a group of `count` numbers: `loss: 0.5 / 0.6 (train/val)`. None if there are none."""
    match = _NAMES_AFTER.match(after)
    return (
        _complete_names(_split_items(match["names"]), _last_part(text.rstrip(_END_CHARACTERS)), count)
        if match
        else None
    )


def _names_from_tags(line: str, spans: Sequence[Span]) -> dict[int, str]:
    """Return the names of numbers that are each followed by their data split, keyed by the number's start in `line`:
    `train loss` and `val loss` for `loss: 0.5 (train) 0.6 (val)`.
    """
    tags = {span[0]: match["name"] for span in spans if (match := _TAG_AFTER.match(line, span[1]))}
    tags = {start: tag for start, tag in tags.items() if find_split(tag) and len(words_in(tag)) == 1}
    if len(tags) < 2:
        return {}
    metric = _last_part(line[: min(tags)][-_MAX_NAME_DISTANCE:].rstrip(_END_CHARACTERS))
    return {start: f"{tag} {metric}" for start, tag in tags.items()} if _is_metric(metric) else {}


def _split_items(text: str) -> list[str]:
    return [part.strip() for part in re.split(r"[/|,]", text)]


def _last_part(text: str) -> str:
    """Return the words after the last separator, such as a comma, in a text."""
    return _SEPARATOR.split(text)[-1].strip(_END_CHARACTERS)


def _complete_names(items: Sequence[str], metric: str, count: int) -> list[str] | None:
    """Complete the names of a group: with the metric `loss`, `G` and `D` become `G loss` and `D loss`. If all items
    are metrics, nothing is added, but short names such as `P` are written out.

    None if there are not `count` different items, or if no metric can be named.
    """
    if len(items) != count or len(set(items)) != count:
        return None
    if all(_is_metric(_SHORT_NAMES.get(item.lower(), item)) for item in items):
        return [_SHORT_NAMES.get(item.lower(), item) for item in items]
    is_shared_metric = (
        all(_SHORT_WORD.fullmatch(item) for item in items) and _is_metric(metric) and not find_split(metric)
    )
    return [f"{item} {metric}" for item in items] if is_shared_metric else None


def _is_metric(name: str) -> bool:
    return meaning_of(name).role is Role.METRIC
