"""Finds the names of numbers in dicts and JSON, such as `val.loss` in `{"val": {"loss": 0.5}}`."""

import re

from gedanken.compare.output.vocabulary import Role, find_split, meaning_of

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*+"|\'(?:[^\'\\]|\\.)*+\'|[{}\[\](),:]|[^\s{}\[\](),:"\']++')
_NUMBER = re.compile(r"[-+]?(?:\d|\.\d|nan\b|inf\b|NaN\b|Infinity\b)")
_NAME_KEYS = ("key", "name", "metric", "metric_name", "tag", "label", "scalar")
"""Keys whose value is the name of a number in the same object, as in `"key": "eval_accuracy"`."""
_VALUE_KEYS = ("value", "val", "score", "mean", "result", "measure")
"""Keys that do not say what their number is, as in `"value": 0.76`. The number's name is given by another key."""
_NAME_IN_CALL = re.compile(
    r"(?<![\w.])(?:key|name|metric|metric_name|tag)\s?[=:]\s?['\"]?(?P<name>[A-Za-z][\w/@.-]{0,60})['\"]?[,;]?\s{1,3}"
    r"(?:value|val|score)\s?[=:]\s?(?=[-+]?\.?\d)"
)
"""Matches a name and the key of its number in a call, as in `log_metric(key='val_rmse', value=2.1)`."""
_MAX_DEPTH = 20
_DATA_KEYS = ("split", "phase", "mode", "stage", "event", "subset", "set", "dataset", "partition", "type", "prefix")
"""Keys whose value may name the data (train, val, …) on which the numbers in the same object were measured."""


class _Object:
    def __init__(self, path: tuple[str, ...], inherited: str) -> None:
        self.path = path
        self.inherited = inherited
        self.name = ""
        self.data = ""
        self.values: list[tuple[int, str]] = []


def keyed_values(line: str) -> dict[int, str]:
    """Return the name of each number that has a key, by the number's position in the line.

    In `{"key": "eval_accuracy", "value": 0.76}`, the name is `eval_accuracy`; in `{"val": {"loss": 0.5}}`, it is
    `val.loss`.
    """
    if "{" not in line:
        return {match.end(): match["name"] for match in _NAME_IN_CALL.finditer(line)}
    names: dict[int, str] = {}
    stack: list[_Object] = []
    key, last = "", ""
    for token in _TOKEN.finditer(line):
        text = token[0]
        if text == "{":
            parent = stack[-1].path if stack else ()
            path = (*parent, key or ("" if stack else last))[:_MAX_DEPTH]
            stack.append(_Object(path, (stack[-1].data or stack[-1].inherited) if stack else ""))
            key = ""
        elif text == "}" and stack:
            _name_values(stack.pop(), names)
            key = ""
        elif text == ":":
            key = last
        elif text in "[](),":
            key = "" if text == "," else key
        else:
            last = _record_token(text, token.start(), stack[-1] if stack else None, key)
    while stack:  # a line that is cut
        _name_values(stack.pop(), names)
    return names


def _record_token(text: str, start: int, innermost: _Object | None, key: str) -> str:
    """If `text` is a number, a name, or names data (such as `val`), record it in the object `innermost`. Return it
    without quotes.
    """
    is_quoted = text[0] in "\"'"
    unquoted = text[1:-1] if is_quoted else text
    if innermost is not None and key:
        if _NUMBER.match(unquoted) and not (
            is_quoted and not re.fullmatch(r"[-+]?[\d.]+(?:[eE][-+]?\d+)?%?", unquoted)
        ):
            innermost.values.append((start + is_quoted, key))
        elif is_quoted and key in _NAME_KEYS:
            innermost.name = innermost.name or unquoted
        elif is_quoted and key in _DATA_KEYS and find_split(unquoted):
            innermost.data = unquoted
    return unquoted


def _name_values(closed: _Object, names: dict[int, str]) -> None:
    data = closed.data or closed.inherited
    for start, key in closed.values:
        is_generic = key in _VALUE_KEYS and (key != "val" or bool(closed.name))
        if is_generic and (closed.name or (closed.path and closed.path[-1])):
            names[start] = closed.name or closed.path[-1]
        else:
            names[start] = _join_path((*closed.path, key))
        if data and not find_split(names[start]) and meaning_of(names[start]).role is Role.METRIC:
            names[start] = f"{data}.{names[start]}"


def _join_path(path: tuple[str, ...]) -> str:
    """Return the name of a number from the keys that lead to it, such as `val.loss`. Keys such as `metrics` are
    left out.
    """
    generic_keys = {
        "",
        "metrics",
        "metadata",
        "data",
        "scalars",
        "logs",
        "log",
        "info",
        "extra",
        "results",
        "summary",
        "stats",
    }
    if meaning_of(path[-1]).role not in (Role.METRIC, Role.OTHER):
        return path[-1]
    # The word before the outermost object counts only if it names the data, as in `val {"loss": 0.5}`.
    inner = path[:-1] if find_split(path[0]) else path[1:-1]
    prefix = [key for key in inner if key.lower() not in generic_keys and re.fullmatch(r"[\w/@.-]{1,40}", key)]
    return ".".join([*prefix, path[-1]])
