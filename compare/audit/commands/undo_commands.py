"""Recognizes commands, such as `git checkout`, that may undo changes and so make an earlier test result valid
again.
"""

import re
from collections.abc import Sequence
from typing import NamedTuple

from gedanken.compare.audit.commands.command_lines import Step, parse_steps
from gedanken.compare.audit.commands.file_changes import Edit

_HINT = re.compile(r"\b(?:git|hg|jj|svn|sl|patch|cp|mv)\b")
_RESTORE_COMMAND = re.compile(
    r"\bgit (?:-\S+ (?:[^\s-]\S* (?=[a-z-]+\b))?){0,4}(?:"
    r"stash(?! (?:list|show|pop|apply|drop|clear|branch|create|store))|"
    r"reset (?:-\S+ )*--(?:hard|merge|keep)|revert|restore(?! (?:--staged|-S)(?! (?:--worktree|-W))\b)|"
    r"switch(?! (?:-c|-C|--create))|"
    r"checkout(?! (?:-b|-B|--orphan))|bisect|apply (?:\S+ )*(?:-R|--reverse)\b)|"
    r"^patch (?:.* )?(?:-R|--reverse)\b|^hg (?:revert|update|up|shelve)\b|^jj (?:undo|restore|abandon|edit|new|op)\b|"
    r"^svn (?:revert|up|update)\b|^sl (?:revert|goto)\b"
)
_UNSTASH_COMMAND = re.compile(r"\bgit (?:-\S+ (?:[^\s-]\S* (?=[a-z-]+\b))?){0,4}stash (?:pop|apply)\b|^hg unshelve\b")
_STASH_COMMAND = re.compile(r"\bstash\b|\bshelve\b")
_BACKUP_NAME = re.compile(
    r"^/(?:var/)?tmp/|\.(?:bak|orig|old|save|saved|backup)\b|backup|(?:^|[._/-])orig(?:inal)?\b|~$", re.IGNORECASE
)
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


def update_undos(event: int, command: str, earlier: Sequence[Undo]) -> list[Undo]:
    """Return `earlier`, extended by the parts of `command` that may undo changes.

    If `command` applies the latest stash again (`git stash pop`), this stash is left out.
    """
    undos = list(earlier)
    if not _HINT.search(command):
        return undos
    for step in parse_steps(command[:20_000]):
        text = " ".join(step.words)
        if _UNSTASH_COMMAND.search(text):
            stashes = [undo for undo in undos if undo.is_stash]
            undos = [undo for undo in undos if undo is not stashes[-1]] if stashes else undos
        elif _RESTORE_COMMAND.search(text):
            undos.append(Undo(event, _restored_paths(step, text), _STASH_COMMAND.search(text) is not None))
        elif (path := _restored_backup(step)) is not None:
            undos.append(Undo(event, (path,), is_stash=False))
    return undos


def _restored_paths(step: Step, text: str) -> tuple[str, ...]:
    """Return the files that a command restores, without names of branches; empty if it may restore all files."""
    if "--" in step.words:
        paths = step.words[step.words.index("--") + 1 :]
        return () if "." in paths else paths
    if not _TAKES_FILES.search(text) or "." in step.words:
        return ()
    file_paths = tuple(word for word in step.words[2:] if _FILE.fullmatch(word))
    return (
        file_paths if all(_EXTENSION.search(word) for word in file_paths) or not _TAKES_BRANCHES.search(text) else ()
    )


def _restored_backup(step: Step) -> str | None:
    """Return the file that a command overwrites with its backup copy; None if it does something else."""
    arguments = [word for word in step.words[1:] if not word.startswith("-")]
    if (
        step.program not in ("cp", "mv")
        or len(arguments) != 2
        or not _BACKUP_NAME.search(arguments[0])
        or _BACKUP_NAME.search(arguments[1])
    ):
        return None
    if _FILE.fullmatch(arguments[1]) and not arguments[1].endswith("/"):
        return arguments[1]
    return (
        f"{arguments[1].rstrip('/')}/{arguments[0].rsplit('/', 1)[-1]}"
        if arguments[1] != "."
        else arguments[0].rsplit("/", 1)[-1]
    )


def edits_not_undone(edits: Sequence[Edit], undos: Sequence[Undo]) -> list[Edit]:
    """Return the changes that no later command may have undone."""
    return [edit for edit in edits if not any(_undoes(undo, edit, edits) for undo in undos)]


def _undoes(undo: Undo, edit: Edit, edits: Sequence[Edit]) -> bool:
    if edit.event > undo.event or (undo.paths and not any(_is_at_or_inside(edit.path, path) for path in undo.paths)):
        return False
    path = edit.path.removeprefix("./")
    return edit.event < undo.event or any(
        earlier_edit.event < undo.event and earlier_edit.path.removeprefix("./") == path for earlier_edit in edits
    )


def _is_at_or_inside(path: str, folder: str) -> bool:
    inner = folder.removeprefix("./").strip("/")
    return f"/{inner}/" in f"/{path.strip('/')}/" or f"/{inner}".endswith("/" + path.removeprefix("./").strip("/"))
