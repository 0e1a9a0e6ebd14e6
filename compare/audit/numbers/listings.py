"""Counts the entries of a listing, for claims that state how many there are: untracked files, commits, matches."""

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import NamedTuple

from gedanken.compare.audit.outputs.labels import PrintedNumber, name_keys
from gedanken.compare.audit.record.runs import Run

_MAX_TEXT = 50_000
_ANY_LINE = r"^\S"


class _Listing(NamedTuple):
    """A command whose output has one line for each entry."""

    command: re.Pattern[str]
    line: re.Pattern[str]
    names: frozenset[str]
    """Words by which a claim may name the entries, such as `files`. The claim must contain at least one of them."""
    required_words: frozenset[str] = frozenset()
    """Further words, of which the claim must also contain at least one. If empty, no further word is needed."""


def _listing(command: str, line: str, names: str, needs: str = "") -> _Listing:
    return _Listing(re.compile(command), re.compile(line, re.MULTILINE), name_keys(names), name_keys(needs))


_SHORT_STATUS = r"git status\b[^|;&]*\s(?:-\w*s\w*|--short|--porcelain)"
_LISTINGS = (
    _listing(_SHORT_STATUS, r"^\?\? \S", "file files path", "untracked"),
    _listing(_SHORT_STATUS, r"^(?: M|M[ M]) \S", "file files path", "modified changed"),
    _listing(r"git (?:diff|show)\b[^|;&]*--name-(?:only|status)", r"^\S.*$", "file files path"),
    _listing(r"git ls-files\b", r"^\S.*$", "file files"),
    _listing(
        r"git log\b(?![^|;&]*\s(?:-\d|-n|--max-count))[^|;&]*--oneline", r"^[0-9a-f]{7,40} \S", "commit commits"
    ),
    _listing(r"git stash list\b", r"^stash@", "stash stashes"),
    _listing(r"git branch\b(?! -[dDmM])", r"^[* ] \S", "branch branches"),
    _listing(r"\bfind \S[^|;&]*-type f\b", r"^\S*[\w/]\S*$", "file files"),
    _listing(r"\bfind \S[^|;&]*-type d\b", r"^\S*[\w/]\S*$", "folder folders directory directories"),
    _listing(r"\bls\b(?! -\w*[lRa])[^|;&]*\*\.\w+", r"^\S+$", "file files"),
    _listing(r"\b(?:grep|rg)\b[^|;&]*\s-\w*l\w*\b", r"^\S+$", "file files"),
    _listing(
        r"\b(?:grep|rg|ag)\b(?![^|;&]*\s(?:-\w*[lcABCmo]|--(?:count|files|context|after|before|max)))",
        r"^\S.*$",
        "match hits occurrences mentions matches places uses calls todo todos",
    ),
    _listing(r"kubectl get pods?\b", r"^(?!NAME\b)\S+\s+\d+/\d+\s", "pod pods"),
    _listing(r"docker (?:ps|container ls)\b", r"^(?!CONTAINER\b)[0-9a-f]{12}\s", "container containers"),
)  # fmt: skip


def listing_rows(run: Run, line: int) -> list[str]:
    """Return the rows of the listing that begins at the offset `line` in the output; empty if no listing begins
    there.
    """
    if run.is_incomplete or run.result is None or len(run.text) > _MAX_TEXT:
        return []
    for listing in _LISTINGS:
        if listing.command.search(run.command):
            rows = list(listing.line.finditer(run.text))
            if rows and rows[0].start() == line:
                return [run.text[match.start() :].split("\n", 1)[0] for match in rows]
    return []


def count_entries(run: Run, words: frozenset[str]) -> Iterator[PrintedNumber]:
    """Yield the number of entries that a run lists, if the words of a claim name such entries."""
    if run.is_incomplete or run.result is None or len(run.text) > _MAX_TEXT:
        return
    is_alone = sum(step.program != "cd" for step in run.steps) == 1
    for listing in _LISTINGS:
        if not is_alone and listing.line.pattern.startswith(_ANY_LINE):
            continue  # a line of another command would count too
        if not listing.names & words or (listing.required_words and not listing.required_words & words):
            continue
        lines = list(listing.line.finditer(run.text)) if listing.command.search(run.command) else []
        if lines:
            yield PrintedNumber(lines[0].start(), Decimal(len(lines)), "", Decimal(1), listing.names, frozenset())
