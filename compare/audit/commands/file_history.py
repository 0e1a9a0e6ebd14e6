"""Recognizes changes that may return a file to an earlier state.

For example, a substitution is reversed, a file is moved back, or an earlier text is written again.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from gedanken.compare.audit.commands.command_lines import Step, parse_steps

_HINT = re.compile(r"\b(?:sed|perl|mv|cp|cat|tee)\b")
_SUBSTITUTION = re.compile(
    r"(?:^|[\s'\";{}/\d$,])s(?P<by>[/|#,@!:~%+])(?P<old>(?:\\.|(?!(?P=by)).)*)(?P=by)(?P<new>(?:\\.|(?!(?P=by)).)*)(?P=by)"
)
_LINE_DELETION = re.compile(r"(?:^|[\s'\";{}])(?:[\d$,]+|/(?:\\.|[^/])*/)?\s?d(?=['\";}\s]|$)")
_LINE_INSERTION = re.compile(
    r"(?:^|[\s'\";{}])(?:[\d$]+|/(?:\\.|[^/])*/)\s?[iac](?:\\|\s|$)|\s-e\s['\"]?(?:[\d$]+)r\b"
)
_PATTERN_SIGNS = re.compile(r"\\[bBwW<>]|[\\^$]|\s+")
_PATH = re.compile(r"[\w./@~-]*[\w-]\.\w{1,6}|[\w.@~-]+(?:/[\w.@~-]+)+/?|[A-Z][A-Za-z]+file")
_HEREDOC = re.compile(
    r"\A\s*(?:cd \S+ && )?(?:cat\s*>\s*(?P<path>[\w./@~-]+)|tee\s+(?P<teed>[\w./@~-]+)|cat)\s*"
    r"<<-?\s*(['\"]?)(?P<word>\w+)\3(?:\s*>\s*(?P<after>[\w./@~-]+))?[^\n]*\n(?P<body>.*?)\n(?P=word)\s*\Z",
    re.DOTALL,
)
_LINE_NUMBER = re.compile(r"^ {0,6}\d{1,6}(?:→|\t|\|)", re.MULTILINE)
_MAX_COMMAND_CHARS = 20_000
_MAX_TEXTS = 20
_UNKNOWN_TEXT = 0


@dataclass(slots=True)
class FileHistory:
    """Remembers what was done to files so far, and which contents they had."""

    _scripts: dict[str, list[str]] = field(default_factory=dict)
    _moves: set[tuple[str, str]] = field(default_factory=set)
    _texts: dict[str, list[int]] = field(default_factory=dict)

    def files_put_back(self, command: str) -> tuple[str, ...]:
        """Return the files that a command may have returned to an earlier state, and remember what the command
        did.
        """
        if not _HINT.search(command):
            return ()
        paths = []
        for step in parse_steps(command[:_MAX_COMMAND_CHARS]):
            paths += [*self._files_edited_back(step, command[:_MAX_COMMAND_CHARS]), *self._files_moved_back(step)]
        heredoc = _HEREDOC.match(command[:_MAX_COMMAND_CHARS])
        if heredoc and (path := heredoc["path"] or heredoc["teed"] or heredoc["after"]):
            paths += [path] if self.is_earlier_text(path, heredoc["body"]) else []
        return tuple(dict.fromkeys(paths))

    def is_earlier_text(self, path: str, text: str) -> bool:
        """Return whether the file had the content `text` at some earlier time, and remember `text` as its current
        content.
        """
        text_hash, hashes = _hash_text(text), self._texts.setdefault(_normalize_path(path), [])
        is_again = text_hash in hashes[:-1]
        self.record_text(path, text)
        return is_again

    def record_unknown_text(self, path: str) -> None:
        """Remember that the file's content is now unknown."""
        hashes = self._texts.get(_normalize_path(path))
        if hashes and hashes[-1] != _UNKNOWN_TEXT:
            hashes.append(_UNKNOWN_TEXT)

    def record_text(self, path: str, text: str) -> None:
        """Remember `text` as the file's current content."""
        hashes, text_hash = self._texts.setdefault(_normalize_path(path), []), _hash_text(text)
        if not hashes or hashes[-1] != text_hash:
            hashes.append(text_hash)
            del hashes[:-_MAX_TEXTS]

    def _files_edited_back(self, step: Step, script: str) -> Iterator[str]:
        if step.program not in ("sed", "perl") or not any(re.match(r"-\w*i", word) for word in step.words[1:]):
            return
        for path in (_normalize_path(word) for word in step.words[1:] if _PATH.fullmatch(word)):
            self.record_unknown_text(path)
            scripts = self._scripts.setdefault(path, [])
            if any(_is_inverse(script, earlier) for earlier in scripts):
                yield path
            scripts.append(script)

    def _files_moved_back(self, step: Step) -> Iterator[str]:
        arguments = [word.strip("'\"") for word in step.words[1:] if not word.startswith("-")]
        if step.program == "git" and arguments[:1] == ["mv"]:
            arguments = arguments[1:]
        elif step.program not in ("mv", "cp"):
            return
        if len(arguments) != 2:
            return
        source, target = _normalize_path(arguments[0]), _normalize_path(arguments[1])
        name = source.rsplit("/", 1)[-1]
        for destination in (target, f"{target}/{name}" if target not in (".", "") else name):
            if (destination, source) in self._moves:
                yield from (source, destination)
            self._moves.add((source, destination))


def _is_inverse(script: str, earlier: str) -> bool:
    """Return whether a script for `sed` or `perl` may undo an earlier one, as `s/b/a/` undoes `s/a/b/`."""
    substitutions = [
        (_remove_regex_signs(match["old"]), _remove_regex_signs(match["new"]))
        for match in _SUBSTITUTION.finditer(script)
    ]
    earlier_substitutions = [
        (_remove_regex_signs(match["old"]), _remove_regex_signs(match["new"]))
        for match in _SUBSTITUTION.finditer(earlier)
    ]
    if any((new, old) in earlier_substitutions for old, new in substitutions):
        return True
    pairs = ((_LINE_INSERTION, _LINE_DELETION), (_LINE_DELETION, _LINE_INSERTION))
    return any(pattern.search(script) and inverse.search(earlier) for pattern, inverse in pairs)


def _remove_regex_signs(pattern: str) -> str:
    return _PATTERN_SIGNS.sub("", pattern)


def _normalize_path(path: str) -> str:
    return path.removeprefix("./").rstrip("/")


def _hash_text(text: str) -> int:
    return hash("\n".join(line.rstrip() for line in _LINE_NUMBER.sub("", text).strip().splitlines()))
