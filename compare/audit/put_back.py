"""Recognizes changes that may put a file back: a reversed substitution, a file moved back, an earlier text written
again.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from gedanken.compare.audit.commands import Step, steps_of

_HINT = re.compile(r"\b(?:sed|perl|mv|cp|cat|tee)\b")
_SUBSTITUTED = re.compile(
    r"(?:^|[\s'\";{}/\d$,])s(?P<by>[/|#,@!:~%+])(?P<old>(?:\\.|(?!(?P=by)).)*)(?P=by)(?P<new>(?:\\.|(?!(?P=by)).)*)(?P=by)"
)
_DELETED = re.compile(r"(?:^|[\s'\";{}])(?:[\d$,]+|/(?:\\.|[^/])*/)?\s?d(?=['\";}\s]|$)")
_INSERTED = re.compile(r"(?:^|[\s'\";{}])(?:[\d$]+|/(?:\\.|[^/])*/)\s?[iac](?:\\|\s|$)|\s-e\s['\"]?(?:[\d$]+)r\b")
_PATTERN_SIGNS = re.compile(r"\\[bBwW<>]|[\\^$]|\s+")
_PATH = re.compile(r"[\w./@~-]*[\w-]\.\w{1,6}|[\w.@~-]+(?:/[\w.@~-]+)+/?|[A-Z][A-Za-z]+file")
_WRITTEN = re.compile(
    r"\A\s*(?:cd \S+ && )?(?:cat\s*>\s*(?P<path>[\w./@~-]+)|tee\s+(?P<teed>[\w./@~-]+)|cat)\s*"
    r"<<-?\s*(['\"]?)(?P<word>\w+)\3(?:\s*>\s*(?P<after>[\w./@~-]+))?[^\n]*\n(?P<body>.*?)\n(?P=word)\s*\Z",
    re.DOTALL,
)
_NUMBERED = re.compile(r"^ {0,6}\d{1,6}(?:→|\t|\|)", re.MULTILINE)
_LONGEST = 20_000
_MOST_TEXTS = 20
_UNKNOWN = 0


@dataclass(slots=True)
class PutBack:
    """Remembers what was done to files so far, and which texts they had."""

    _scripts: dict[str, list[str]] = field(default_factory=dict)
    _moves: set[tuple[str, str]] = field(default_factory=set)
    _texts: dict[str, list[int]] = field(default_factory=dict)

    def by(self, command: str) -> tuple[str, ...]:
        """Return the files that a command may have put back as they were, and remember what the command did."""
        if not _HINT.search(command):
            return ()
        found = []
        for step in steps_of(command[:_LONGEST]):
            found += [*self._edited(step, command[:_LONGEST]), *self._moved(step)]
        written = _WRITTEN.match(command[:_LONGEST])
        if written and (path := written["path"] or written["teed"] or written["after"]):
            found += [path] if self.has_again(path, written["body"]) else []
        return tuple(dict.fromkeys(found))

    def has_again(self, path: str, text: str) -> bool:
        """Return whether the file had `text` before its latest text, and remember `text` as the current one."""
        mine, known = _hashed(text), self._texts.setdefault(_bare(path), [])
        is_again = mine in known[:-1]
        self.shown(path, text)
        return is_again

    def changed(self, path: str) -> None:
        """Remember that the file's text is now unknown."""
        known = self._texts.get(_bare(path))
        if known and known[-1] != _UNKNOWN:
            known.append(_UNKNOWN)

    def shown(self, path: str, text: str) -> None:
        """Remember this text as the file's current one."""
        known, mine = self._texts.setdefault(_bare(path), []), _hashed(text)
        if not known or known[-1] != mine:
            known.append(mine)
            del known[:-_MOST_TEXTS]

    def _edited(self, step: Step, script: str) -> Iterator[str]:
        if step.program not in ("sed", "perl") or not any(re.match(r"-\w*i", word) for word in step.words[1:]):
            return
        for path in (_bare(word) for word in step.words[1:] if _PATH.fullmatch(word)):
            self.changed(path)
            known = self._scripts.setdefault(path, [])
            if any(_is_inverse(script, earlier) for earlier in known):
                yield path
            known.append(script)

    def _moved(self, step: Step) -> Iterator[str]:
        given = [word.strip("'\"") for word in step.words[1:] if not word.startswith("-")]
        if step.program == "git" and given[:1] == ["mv"]:
            given = given[1:]
        elif step.program not in ("mv", "cp"):
            return
        if len(given) != 2:
            return
        source, target = _bare(given[0]), _bare(given[1])
        name = source.rsplit("/", 1)[-1]
        for place in (target, f"{target}/{name}" if target not in (".", "") else name):
            if (place, source) in self._moves:
                yield from (source, place)
            self._moves.add((source, place))


def _is_inverse(script: str, earlier: str) -> bool:
    """Return whether a script for `sed` or `perl` may undo an earlier script."""
    mine = [(_literal(one["old"]), _literal(one["new"])) for one in _SUBSTITUTED.finditer(script)]
    before = [(_literal(one["old"]), _literal(one["new"])) for one in _SUBSTITUTED.finditer(earlier)]
    if any((new, old) in before for old, new in mine):
        return True
    pairs = ((_INSERTED, _DELETED), (_DELETED, _INSERTED))
    return any(one.search(script) and other.search(earlier) for one, other in pairs)


def _literal(pattern: str) -> str:
    return _PATTERN_SIGNS.sub("", pattern)


def _bare(path: str) -> str:
    return path.removeprefix("./").rstrip("/")


def _hashed(text: str) -> int:
    return hash("\n".join(line.rstrip() for line in _NUMBERED.sub("", text).strip().splitlines()))
