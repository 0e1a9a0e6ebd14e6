"""Holds a transcript as evidence: runs with their results, changes of files, and commands that may have run something
unseen.
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice
from typing import Any, TypeVar

from gedanken.compare.audit.edits import Edit, lasting, may_touch, touches
from gedanken.compare.audit.inputs import is_told_by, reads
from gedanken.compare.audit.outcomes import cases_in, plain
from gedanken.compare.audit.runs import Run, hides, names, short
from gedanken.compare.audit.undone import Undo, still_made
from gedanken.experiment.agent_transcript import AgentTranscript
from gedanken.experiment.claim import Evidence

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Output:
    """A text that the agent could see: the result of a tool, or a message from someone else."""

    event: int
    text: str
    is_result: bool


@dataclass
class Record:
    """A transcript as evidence: what was run, what was changed, and what the agent could see."""

    transcript: AgentTranscript
    runs: list[Run] = field(default_factory=list)
    """The runs, in the order of their calls."""
    edits: list[Edit] = field(default_factory=list)
    unnamed_changes: list[int] = field(default_factory=list)
    """Numbers of events whose commands may have changed files that they do not name."""
    undos: list[Undo] = field(default_factory=list)
    """Commands that may have set files back to an earlier state."""
    unseen: list[tuple[int, str]] = field(default_factory=list)
    """Events that may have run a program without showing it, as (event number, description)."""
    outputs: list[Output] = field(default_factory=list)
    sub_agents: set[str] = field(default_factory=set)
    """Names of the sessions of sub-agents."""
    _hiding_by_family: dict[str, list[Run]] = field(default_factory=dict)
    _looked_up: dict[Hashable, tuple[Any, ...]] = field(default_factory=dict)
    _lately: dict[Hashable, tuple[Any, ...]] = field(default_factory=dict)
    _changes: dict[tuple[int, int, int, str], Edit | None] = field(default_factory=dict)
    _doubts: dict[tuple[int, int, str], Edit | None] = field(default_factory=dict)

    @property
    def is_complete(self) -> bool:
        """True if the record contains everything that was run."""
        whole = not self.transcript.gaps and not any(self.transcript.unknown.values())
        return self.transcript.has_tools and whole and not self.continues

    def has_gap_before(self, event: int) -> bool:
        """Return whether anything is, or may be, missing from the transcript before an event."""
        if any(self.transcript.unknown.values()) or self.continues:
            return True
        place = self.transcript.events[event].place
        return any(gap.place.file != place.file or gap.place.line <= place.line for gap in self.transcript.gaps)

    @cached_property
    def continues(self) -> bool:
        """True if the transcript continues a session whose beginning is missing."""
        first = [output.text[:20_000] for output in self.outputs[:20] if not output.is_result]
        return any(_CONTINUES.search(text) for text in first)

    def edits_between(self, low: int, high: int) -> Sequence[Edit]:
        """Return the changes of files between two events."""
        numbers = self._edited_at
        return self.edits[bisect_right(numbers, low) : bisect_left(numbers, high)]

    @cached_property
    def _edited_at(self) -> list[int]:
        return [edit.event for edit in self.edits]

    def change_since(self, run: Run, event: int, family: str) -> Edit | None:
        """Return the first file change after a run, up to `event`, that may alter the run's output; else None."""
        undos = self._undos_between(run.at, event)
        key = (run.call, bisect_left(self._edited_at, event), undos[-1].event if undos else -1, family)
        if key not in self._changes:
            programs = [step.program for step in run.steps if step.family != "quiet"]
            words = [word for step in run.steps if step.family != "quiet" for word in step.words[1:]]
            edits = still_made(lasting(self.edits_between(run.at, event)[:_MOST_EDITS]), undos)
            self._changes[key] = next(
                (
                    edit
                    for edit in edits
                    if touches(edit, programs, words, family)
                    or (family != "tests" and any(reads(step, run.command, edit) for step in run.steps))
                ),
                None,
            )
        return self._changes[key]

    def _undos_between(self, low: int, high: int) -> Sequence[Undo]:
        """Return the commands between two events that may have undone changes; only the latest, up to a limit."""
        at = bisect_left(self.undos, high, key=lambda undo: undo.event)
        first = bisect_right(self.undos, low, key=lambda undo: undo.event)
        return self.undos[max(first, at - _MOST_UNDOS) : at]

    def doubt_since(self, run: Run, event: int, family: str) -> str | None:
        """Return a reason why a run's input files may have changed before `event`, although `change_since` finds
        nothing; else None.
        """
        at = bisect_right(self.unnamed_changes, run.at)
        if at < len(self.unnamed_changes) and self.unnamed_changes[at] < event:
            what = short(self.transcript.events[self.unnamed_changes[at]].command or "a command")
            return f"“{what}” may have changed the files after the run that the claim is about"
        key = (run.call, bisect_left(self._edited_at, event), family)
        if key not in self._doubts:
            programs = [step.program for step in run.steps if step.family != "quiet"]
            words = [word for step in run.steps if step.family != "quiet" for word in step.words[1:]]
            edits = self.edits_between(run.at, event)[:_MOST_EDITS]
            self._doubts[key] = next(
                (
                    edit
                    for edit in edits
                    if may_touch(edit, programs, words, family)
                    or (family != "tests" and any(is_told_by(step, edit) for step in run.steps))
                ),
                None,
            )
        edit = self._doubts[key]
        return f"{edit.path} was written after the run that the claim is about" if edit else None

    @cached_property
    def _by_result(self) -> list[Run]:
        return sorted((run for run in self.runs if run.result is not None), key=lambda run: run.at)

    def runs_known_before(self, event: int, most: int = 300) -> list[Run]:
        """Return the runs whose results come before an event, latest first."""
        at = bisect_left(self._by_result, event, key=lambda run: run.at)
        return self._by_result[max(at - most, 0) : at][::-1]

    def runs_known_after(self, event: int, session: str, most: int = 50) -> list[Run]:
        """Return the runs of one session with results after an event, earliest first, without refused commands."""
        at = bisect_right(self._by_result, event, key=lambda run: run.at)
        found = (run for run in self._by_result[at : at + 20 * most] if run.session == session and not run.refused)
        return list(islice(found, most))

    @cached_property
    def reads(self) -> dict[str, list[Output]]:
        """Texts of the files that tools read, by file name without folder."""
        found: dict[str, list[Output]] = {}
        named = {
            (event.session, event.call_id): event.path
            for event in self.transcript.events
            if event.kind == "call" and event.path
        }
        for event in self.transcript.events:
            if event.kind == "result" and (path := named.get((event.session, event.call_id))):
                found.setdefault(path.rsplit("/", 1)[-1], []).append(
                    Output(event.number, plain(event.text), is_result=True)
                )
        return found

    def is_edit(self, event: int) -> bool:
        """Return whether an event is a change of a file whose new text is known."""
        return self.transcript.events[event].kind == "edit"

    def is_result(self, event: int) -> bool:
        """Return whether an event is the result of a tool."""
        return self.transcript.events[event].kind == "result"

    def is_shuffled_since(self, low: int, high: int) -> bool:
        """Return whether a command between two events may have changed files that it does not name."""
        at = bisect_right(self.unnamed_changes, low)
        return at < len(self.unnamed_changes) and self.unnamed_changes[at] < high

    def could_have_run(self, family: str, event: int, after: int = -1) -> str | None:
        """Return a reason why a command of this family may have run unseen between `after` and `event`; else None."""
        at = bisect_right(self.unseen, after, key=lambda one: one[0])
        if at < len(self.unseen) and self.unseen[at][0] < event:
            return self.unseen[at][1]
        hiding = self.hiding(family)
        at = bisect_right(hiding, after, key=lambda run: run.call)
        if at < len(hiding) and hiding[at].call < event:
            return f"“{short(hiding[at].command)}” may have run what is claimed"
        return None

    def could_be_since(self, family: str, low: int, high: int) -> Run | None:
        """Return the last run, between two events, that may have run a command of this family unseen, such as
        `./check.sh` for `tests`.
        """
        hiding = self.hiding(family)
        at = bisect_left(hiding, high, key=lambda run: run.call)
        return next(
            (run for run in hiding[max(at - 20, 0) : at][::-1] if run.call > low and names(run, family)), None
        )

    def has_unseen_before(self, event: int) -> bool:
        """Return whether something other than a command may have run a program unseen before an event."""
        return bool(self.unseen) and self.unseen[0][0] < event

    def hiding(self, family: str) -> list[Run]:
        """Return the runs that may have executed a command of this family without showing it."""
        if family not in self._hiding_by_family:
            self._hiding_by_family[family] = [run for run in self.runs if not run.refused and hides(run, family)]
        return self._hiding_by_family[family]

    def once(self, key: Hashable, made: Callable[[], tuple[T, ...]]) -> tuple[T, ...]:
        """Return the cached value for this key; the first time, compute it with `made`."""
        if key not in self._looked_up:
            self._looked_up[key] = made()
        return self._looked_up[key]

    def lately(self, key: Hashable, made: Callable[[], tuple[T, ...]]) -> tuple[T, ...]:
        """Do the same as `once`, but with a cache that keeps only the latest values."""
        if key not in self._lately:
            self._lately[key] = made()
            if len(self._lately) > _MOST_KEPT:
                del self._lately[next(iter(self._lately))]
        return self._lately[key]

    def of_family(self, family: str) -> list[Run]:
        """Return the runs of one family, such as `tests`, in the order of their calls."""
        return self._by_family.get(family, [])

    @cached_property
    def _by_family(self) -> dict[str, list[Run]]:
        found: dict[str, list[Run]] = {}
        for run in self.runs:
            for family in run.families():
                found.setdefault(family, []).append(run)
        return found

    def naming(self, words: Iterable[str], event: int) -> list[Run]:
        """Return the latest runs called before `event` with one of `words` in the command, latest first."""
        runs = {id(run): run for word in words for run in self._last_before(self._by_word.get(word, []), event)}
        return sorted(runs.values(), key=lambda run: -run.call)

    def last_of(self, family: str, event: int) -> list[Run]:
        """Return the runs of a family that were called before an event: latest first, up to a limit."""
        return self._last_before(self.of_family(family), event)[::-1]

    @staticmethod
    def _last_before(runs: list[Run], event: int, most: int = 300) -> list[Run]:
        at = bisect_left(runs, event, key=lambda run: run.call)
        return runs[max(at - most, 0) : at]

    @cached_property
    def _by_word(self) -> dict[str, list[Run]]:
        found: dict[str, list[Run]] = {}
        for run in self.runs:
            for word in set(_WORD.findall(run.command[:20_000])):
                found.setdefault(word, []).append(run)
        return found

    @cached_property
    def edits_by_name(self) -> dict[str, list[Edit]]:
        """Changes of files by file name without folder, in the order of the events."""
        found: dict[str, list[Edit]] = {}
        for edit in self.edits:
            found.setdefault(edit.path.rsplit("/", 1)[-1], []).append(edit)
        return found

    def evidence(self, event: int, offset: int = 0, length: int = 0) -> Evidence:
        """Return the lines of an event that contain `length` characters from `offset` on; for a call, the command's
        first line.
        """
        called = self.transcript.events[event]
        if called.kind == "call" and called.command and not offset:
            return Evidence(event, called.place, (1, 1), called.command.strip().split("\n")[0][:500])
        text = plain(called.text)
        low = text.rfind("\n", 0, offset) + 1
        high = text.find("\n", offset + max(length - 1, 0))
        high = len(text) if high < 0 else high
        first = text.count("\n", 0, low) + 1
        quote = text[low:high].strip("\r\n")
        return Evidence(event, called.place_of_line(first), (first, first + quote.count("\n")), quote[:500])

    @cached_property
    def test_numbers(self) -> dict[int, int]:
        """For each number that may count tests: the first event that shows it."""
        found: dict[int, int] = {}
        for output in self.outputs:
            for number in _numbers_of_tests(output.text):
                found.setdefault(number, output.event)
        for edit in self.edits:
            count = len(_DEFINED.findall(edit.new))
            found.setdefault(count, edit.event)
        return found


_CONTINUES = re.compile(
    r"continued from a previous (?:conversation|session)|summary of (?:the|our|"
    r"my) (?:previous )?(?:conversation|session|work so far)|"
    r"picking up where we left off|previous (?:conversation|session) (?:ran out|was compacted)",
    re.IGNORECASE,
)
_MOST_EDITS = 2_000
_MOST_UNDOS = 20
_MOST_KEPT = 100
_WORD = re.compile(r"[\w.+-]*\w")
_NAMED = re.compile(
    r"(?<![\d.])(\d{1,7})(?![\d.]*\d)[ \t]*(?:[a-z]+ )?(?:tests?|passed|passing|pass|items|specs|"
    r"examples|checks|cases|assertions|failed|skipped|errors?|total|ok)\b|\b(?:tests?|passed|total|"
    r"pass|collected|ran|failed|fail|ok)\b[ \t]*[:=]?[ \t]*(\d{1,7})\b",
    re.IGNORECASE,
)
_DEFINED = re.compile(r"^\s*(?:async )?(?:def test_|func Test|it\(|test\(|#\[test\]|@Test\b)", re.MULTILINE)


_OF_TESTS = re.compile(r"pass|test|fail|\bok\b|item|spec|example|check|case|total|[✓✔✅]", re.IGNORECASE)


def _numbers_of_tests(text: str) -> Iterator[int]:
    if not _OF_TESTS.search(text):
        return
    for found in _NAMED.finditer(text):
        yield int(found[1] or found[2])
    if defined := len(_DEFINED.findall(text)):
        yield defined
    yield from (count for count in cases_in(text) if count)
