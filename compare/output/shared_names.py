"""Names numbers that are written as a group: `loss (train/val): 0.5/0.6`, `P/R/F1 = 0.8/0.7/0.75`."""

import re
from collections.abc import Iterator, Sequence

from gedanken.compare.output.vocabulary import Role, meaning_of, split_in, words_in

_MOST = 6
"""Maximum number of names in one group."""
_BEFORE = 120
"""Maximum distance in characters between the names and their numbers."""
_JOINT = re.compile(r"\s?/\s?")
_END = " \t:=~>-([{'\"`"
_MEANS = frozenset(["mean", "average", "avg", "best", "macro", "micro", "weighted", "overall"])
_PART = re.compile(r"[A-Za-z_]\w{0,11}")
_SHORT = {"p": "precision", "r": "recall", "f": "f1", "prec": "precision", "rec": "recall"}
"""Meaning of short names when they are part of a group."""
_CUT = re.compile(r"[,;|\]}\t]\s?|\s{2,}|:\s| [-–] |(?<=\d)\s|(?<=\d\))\s")
_IN_BRACKETS = re.compile(r"(?P<head>.*?)[(\[](?P<names>[^()\[\]]{1,80})[)\]]$")
_BEHIND = re.compile(r"\s?[(\[](?P<names>(?:[^()\[\]\d]|(?<=[A-Za-z@])\d){1,80})[)\]]")
_TAGGED = re.compile(r"\s?[(\[](?P<name>[A-Za-z]{2,12})[)\]]")

Span = tuple[int, int]


def shared_names(line: str, spans: Sequence[Span]) -> dict[int, str]:
    """Return the name of each number in a group, by the number's position in the line."""
    names: dict[int, str] = {}
    groups = list(_groups(line, spans))
    legend = _legend(line, groups)
    for group in groups:
        if legend is not None and len(group) == len(legend):
            names |= {span[0]: name for span, name in zip(group, legend, strict=True)}
            continue
        start, end = group[0][0], group[-1][1]
        for found in (_before(line[:start], len(group)), _behind(line[:start], line[end:], len(group))):
            if found:
                names |= {span[0]: name for span, name in zip(group, found, strict=True)}
                break
    return names | _tagged(line, spans)


def _legend(line: str, groups: Sequence[Sequence[Span]]) -> list[str] | None:
    """Return the names that the end of a line gives to several groups: `Train: 0.4/0.9, Val: 0.5/0.8 (loss/acc)`.
    None if the end gives no names."""
    found = _BEHIND.fullmatch(line.rstrip(), groups[-1][-1][1]) if len(groups) > 1 else None
    items = _items(found["names"]) if found else []
    return items if items and all(_is_metric(item) and not split_in(item) for item in items) else None


def _groups(line: str, spans: Sequence[Span]) -> Iterator[Sequence[Span]]:
    """Yield groups of two or more numbers that are separated only by `/`."""
    group: list[Span] = []
    for span in spans:
        if group and _JOINT.fullmatch(line, group[-1][1], span[0]):
            group.append(span)
            continue
        if 1 < len(group) <= _MOST:
            yield group
        group = [span]
    if 1 < len(group) <= _MOST:
        yield group


def _before(text: str, count: int) -> list[str] | None:
    """Return the names before a group of `count` numbers; None if there are none."""
    text = text[-_BEFORE:].rstrip(_END)
    brackets = _IN_BRACKETS.fullmatch(text)
    if brackets:
        return _named(_items(brackets["names"]), _last(brackets["head"]), count)
    parts = [part.strip() for part in _last(text).split("/")]
    if len(parts) != count or not all(parts):
        return None
    if all(len(part.split()) < 4 for part in parts) and (named := _named(parts, "", count)):
        said, _, rest = named[0].partition(" ")
        is_of_all = rest and (said.lower() in _MEANS or split_in(said)) and not any(" " in one for one in named[1:])
        return [named[0], *(f"{said} {one}" for one in named[1:])] if is_of_all else named
    (*head, first), (last, *tail) = parts[0].split(), parts[-1].split()
    return _named([first, *parts[1:-1], last], " ".join(tail) or " ".join(head), count)


def _behind(text: str, after: str, count: int) -> list[str] | None:
    """Return the names after a group of `count` numbers: `loss: 0.5 / 0.6 (train/val)`. None if there are none."""
    found = _BEHIND.match(after)
    return _named(_items(found["names"]), _last(text.rstrip(_END)), count) if found else None


def _tagged(line: str, spans: Sequence[Span]) -> dict[int, str]:
    """Return the names of numbers with their data behind them, as in `loss: 0.5 (train) 0.6 (val)`, by position."""
    tags = {span[0]: found["name"] for span in spans if (found := _TAGGED.match(line, span[1]))}
    tags = {start: tag for start, tag in tags.items() if split_in(tag) and len(words_in(tag)) == 1}
    if len(tags) < 2:
        return {}
    what = _last(line[: min(tags)][-_BEFORE:].rstrip(_END))
    return {start: f"{tag} {what}" for start, tag in tags.items()} if _is_metric(what) else {}


def _items(text: str) -> list[str]:
    return [part.strip() for part in re.split(r"[/|,]", text)]


def _last(text: str) -> str:
    """Return the words after the last separator in a text, such as a comma."""
    return _CUT.split(text)[-1].strip(_END)


def _named(items: Sequence[str], what: str, count: int) -> list[str] | None:
    """Return a name for each of `count` items, or None. The metric `what` is added to other items: `G` becomes `G
    loss`."""
    if len(items) != count or len(set(items)) != count:
        return None
    if all(_is_metric(_SHORT.get(item.lower(), item)) for item in items):
        return [_SHORT.get(item.lower(), item) for item in items]
    is_one_each = all(_PART.fullmatch(item) for item in items) and _is_metric(what) and not split_in(what)
    return [f"{item} {what}" for item in items] if is_one_each else None


def _is_metric(name: str) -> bool:
    return meaning_of(name).role is Role.METRIC
