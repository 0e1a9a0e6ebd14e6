"""Recognizes commands, such as `git checkout`, that may undo changes and so make an earlier test result valid
again.
"""

import re
from collections.abc import Sequence
from typing import NamedTuple

from gedanken.compare.audit.commands import Step, steps_of
from gedanken.compare.audit.edits import Edit

_HINT = re.compile(r"\b(?:git|hg|jj|svn|sl|patch|cp|mv)\b")
_BACK = re.compile(
    r"\bgit (?:-\S+ (?:[^\s-]\S* (?=[a-z-]+\b))?){0,4}(?:"
    r"stash(?! (?:list|show|pop|apply|drop|clear|branch|create|store))|"
    r"reset (?:-\S+ )*--(?:hard|merge|keep)|revert|restore(?! (?:--staged|-S)(?! (?:--worktree|-W))\b)|"
    r"switch(?! (?:-c|-C|--create))|"
    r"checkout(?! (?:-b|-B|--orphan))|bisect|apply (?:\S+ )*(?:-R|--reverse)\b)|"
    r"^patch (?:.* )?(?:-R|--reverse)\b|^hg (?:revert|update|up|shelve)\b|^jj (?:undo|restore|abandon|edit|new|op)\b|"
    r"^svn (?:revert|up|update)\b|^sl (?:revert|goto)\b"
)
_AGAIN = re.compile(r"\bgit (?:-\S+ (?:[^\s-]\S* (?=[a-z-]+\b))?){0,4}stash (?:pop|apply)\b|^hg unshelve\b")
_STASHES = re.compile(r"\bstash\b|\bshelve\b")
_KEPT = re.compile(
    r"^/(?:var/)?tmp/|\.(?:bak|orig|old|save|saved|backup)\b|backup|(?:^|[._/-])orig(?:inal)?\b|~$", re.IGNORECASE
)
"""Names of backup copies of files."""
_FILE = re.compile(r"[\w./@~-]*[\w-]\.\w{1,6}|[\w.@~-]+(?:/[\w.@~-]+)+/?")


_EXTENSION = re.compile(r"\.[A-Za-z]\w{0,5}$")
_TAKES_FILES = re.compile(r"\b(?:checkout|restore|stash|revert)\b")
_TAKES_BRANCHES = re.compile(r"\bcheckout\b|\bgit .*\brevert\b")


class Undo(NamedTuple):
    """A command that may have set files back to an earlier state."""

    event: int
    paths: tuple[str, ...]
    """The files and folders that the command names; empty if it may affect all files."""
    is_stash: bool


def undos_of(event: int, command: str, before: Sequence[Undo]) -> list[Undo]:
    """Return `before`, extended by the parts of `command` that may undo changes, and without stashes that `command`
    brings back (`git stash pop`).
    """
    found = list(before)
    if not _HINT.search(command):
        return found
    for step in steps_of(command[:20_000]):
        text = " ".join(step.words)
        if _AGAIN.search(text):
            found = [undo for undo in found if not undo.is_stash]
        elif _BACK.search(text):
            found.append(Undo(event, _named(step, text), _STASHES.search(text) is not None))
        elif (back := _put_back(step)) is not None:
            found.append(Undo(event, (back,), is_stash=False))
    return found


def _named(step: Step, text: str) -> tuple[str, ...]:
    """Return the files, not branches, that a command restores; empty if it may restore all files."""
    if "--" in step.words:
        given = step.words[step.words.index("--") + 1 :]
        return () if "." in given else given
    if not _TAKES_FILES.search(text) or "." in step.words:
        return ()
    named = tuple(word for word in step.words[2:] if _FILE.fullmatch(word))
    return named if all(_EXTENSION.search(word) for word in named) or not _TAKES_BRANCHES.search(text) else ()


def _put_back(step: Step) -> str | None:
    """Return the file that a command overwrites with its backup copy; None if it does something else."""
    given = [word for word in step.words[1:] if not word.startswith("-")]
    if step.program not in ("cp", "mv") or len(given) != 2 or not _KEPT.search(given[0]) or _KEPT.search(given[1]):
        return None
    if _FILE.fullmatch(given[1]) and not given[1].endswith("/"):
        return given[1]
    return f"{given[1].rstrip('/')}/{given[0].rsplit('/', 1)[-1]}" if given[1] != "." else given[0].rsplit("/", 1)[-1]


def still_made(edits: Sequence[Edit], undos: Sequence[Undo]) -> list[Edit]:
    """Return the changes that no later command may have undone."""
    return [edit for edit in edits if not any(_undoes(undo, edit, edits) for undo in undos)]


def _undoes(undo: Undo, edit: Edit, edits: Sequence[Edit]) -> bool:
    if edit.event > undo.event or (undo.paths and not any(_is_in(edit.path, path) for path in undo.paths)):
        return False
    path = edit.path.removeprefix("./")
    return edit.event < undo.event or any(
        other.event < undo.event and other.path.removeprefix("./") == path for other in edits
    )


def _is_in(path: str, named: str) -> bool:
    bare = named.removeprefix("./").strip("/")
    return f"/{bare}/" in f"/{path.strip('/')}/" or f"/{bare}".endswith("/" + path.removeprefix("./").strip("/"))
