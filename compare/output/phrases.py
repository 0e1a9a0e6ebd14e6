"""Finds the name at the end of a text: the words that a line writes before a number."""

import re

from gedanken.compare.output.vocabulary import SHORT_SPLITS, find_split, meaning_of

MAX_NAME_WORDS = 5
"""Maximum number of words of a name that is part of a sentence."""
_MAX_LABEL_WORDS = 8
"""Maximum number of words of a name that stands alone before a colon or an equals sign."""
_MAX_LENGTH = 100
"""Maximum length of a name in characters."""
LEVEL = re.compile(r"\b(?:TRACE|DEBUG|INFO|WARN|WARNING|(?<![A-Z] )ERROR(?! RATE)|CRITICAL)\b:?")
"""Matches the level of a log line, such as `INFO`, but not the `ERROR` in `WORD ERROR RATE`, which is part of a
name."""
_SEPARATOR = re.compile(
    r"\"\s|[,;|│┃\t{}\[]|\s{2,}|\.{4,}| [-–—·] |->|=>|→|\]\s|\)\s(?=\S)|(?<=\s)/|^\s{0,3}(?:[\])/%]+|dB\b)"
)
_TAG_END = re.compile(r"\](?=[^\W\d])")
"""Matches the end of a label in brackets directly before a name: `[Avg]loss`."""
NAME_DELIMITERS = " \t:=~≈'\"`*#|│┃<>(“”‘’«»—"
_STOP_WORDS = (
    "as the than with for a an in to and by from reached after got at on into until "
    "while has have than now then its our your using there are improved dropped rose fell went equals 轮 步 回"
)
STOP_WORDS = frozenset(_STOP_WORDS.split())
_LAST_STOPS = frozenset(["is", "was", "of", "be", "at", "are", "equals", "=", "to", "reached"])
_WORD = re.compile(r"[\w'-]*\w")
_ID = re.compile(
    r"(?=[a-f]*\d)[0-9a-f]{6,}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|"
    r"\W?[a-z][\w./-]*-(?=[a-z]*\d)(?=\d*[a-z])[a-z0-9]{8,10}-[a-z0-9]{5}\W?|"  # `trainer-7d9f8b6c5-x2x4z`
    r"\W?[a-z][\w.]*(?:-[\w.]*)?-(?:0\d{2,}|\d{4,})\W?",  # `network-snapshot-000100`
    re.IGNORECASE,
)
"""Matches a hash, an id, or a name that ends with an id, such as the name of a checkpoint file."""


def last_split_word(text: str) -> str:
    """Return the last word in a text that names the data (train, val, test), as it is written there. The text must
    contain such a word.
    """
    words: list[str] = [*_WORD.findall(text), *re.findall(r"[^\W_]+", text)]
    return next(word for word in reversed(words) if find_split(word) or word.lower() in SHORT_SPLITS)[:_MAX_LENGTH]


def trailing_name(text: str) -> str:
    """Return the name at the end of a text: `val loss` for `Epoch 3, val loss: `. Empty if there is none."""
    is_label = re.search(r"[:=]\s*$", text) is not None
    text = LEVEL.sub(", ", text).rstrip(NAME_DELIMITERS)
    for stop_word in _LAST_STOPS:
        if text.lower().endswith(f" {stop_word}"):
            text = text[: -len(stop_word) - 1].rstrip(NAME_DELIMITERS)
            break
    pieces = [piece for piece in _SEPARATOR.split(text) if piece and piece.strip(NAME_DELIMITERS + "-.")]
    if not pieces:
        return ""
    piece = pieces[-1]
    if ":" in piece:
        piece = re.split(r":(?=\s|[A-Za-z])", piece)[-1] or piece
    words = _TAG_END.sub(" ", piece).split()
    if not (is_label and len(words) <= _MAX_LABEL_WORDS):
        words = words[-MAX_NAME_WORDS:]
    last_stop = max(
        (index for index, word in enumerate(words) if _is_before_name(word, index == len(words) - 1)), default=-1
    )
    words = words[last_stop + 1 :]
    if (
        words
        and re.fullmatch(r"\w+(?:[_/@.]\w+)+", words[-1])
        and (find_split(words[-1]) or not find_split(" ".join(words[:-1])))
    ):
        # An identifier is a whole name; only a word such as `best` before it adds something.
        words = words[-2:] if len(words) > 1 and meaning_of(words[-2]).is_summary else words[-1:]
    return tidy(" ".join(words))


def _is_before_name(word: str, is_last: bool) -> bool:
    """Return whether a name can begin only after this word. Examples are `and`, an id and, unless the word
    `is_last`, `split=val`.
    """
    return word.lower() in STOP_WORDS or _ID.fullmatch(word) is not None or ("=" in word and not is_last)


def tidy(name: str) -> str:
    """Return a name without surrounding quotes, colons and unmatched brackets; empty if it has no letters."""
    collapsed = " ".join(name.split())
    name = collapsed.strip(
        NAME_DELIMITERS + "-.,;!?])" if name.count(")") > name.count("(") else NAME_DELIMITERS + "-.,;!?]"
    )
    if name.count("'") == 1 and " '" in name and f"{name}'" in collapsed:
        name += "'"
    if name.count("(") > name.count(")"):
        name = name.rsplit("(", 1)[1] or name.replace("(", "")
    return name[-_MAX_LENGTH:].strip() if any(map(str.isalpha, name)) else ""
