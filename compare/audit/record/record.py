"""Holds a transcript as evidence: runs with their results, changes of files, and commands that may have run
something without showing it.
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice
from typing import Any, TypeVar

from gedanken.compare.audit.commands.file_changes import Edit, may_affect_run, may_alter_output, remaining_edits
from gedanken.compare.audit.commands.inputs import may_read_unnamed, reads
from gedanken.compare.audit.commands.undo_commands import Undo, edits_not_undone
from gedanken.compare.audit.outputs.outcomes import count_test_cases, strip_control_sequences
from gedanken.compare.audit.record.runs import Run, may_hide_command, resembles_family, shorten_command
from gedanken.experiment.agent_transcript import AgentTranscript
from gedanken.experiment.claim import Evidence

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Output:
    """A text that the agent could see: the result of a tool, or a message that is not its own."""

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
    """Commands that may have returned files to an earlier state."""
    possible_unseen_runs: list[tuple[int, str]] = field(default_factory=list)
    """Events that may have run a program without showing it, each as (event number, description)."""
    outputs: list[Output] = field(default_factory=list)
    sub_agents: set[str] = field(default_factory=set)
    """Names of the sessions of sub-agents."""
    _hiding_by_family: dict[str, list[Run]] = field(default_factory=dict)
    _cache: dict[Hashable, tuple[Any, ...]] = field(default_factory=dict)
    _recent_cache: dict[Hashable, tuple[Any, ...]] = field(default_factory=dict)
    _change_cache: dict[tuple[int, int, int, str], Edit | None] = field(default_factory=dict)
    _doubt_cache: dict[tuple[int, int, str], Edit | None] = field(default_factory=dict)

    @property
    def is_complete(self) -> bool:
        """True if the record contains everything that was run."""
        has_no_gaps = not self.transcript.gaps and not any(self.transcript.unknown.values())
        return self.transcript.has_tools and has_no_gaps and not self.is_continuation

    def has_gap_before(self, event: int) -> bool:
        """Return whether anything may be missing from the transcript before an event."""
        if any(self.transcript.unknown.values()) or self.is_continuation:
            return True
        place = self.transcript.events[event].place
        return any(gap.place.file != place.file or gap.place.line <= place.line for gap in self.transcript.gaps)

    @cached_property
    def is_continuation(self) -> bool:
        """True if the transcript continues a session whose beginning is missing."""
        first_messages = [output.text[:20_000] for output in self.outputs[:20] if not output.is_result]
        return any(_CONTINUED_SESSION.search(text) for text in first_messages)

    def edits_between(self, start: int, end: int) -> Sequence[Edit]:
        """Return the changes of files between two events."""
        events = self._edit_events
        return self.edits[bisect_right(events, start) : bisect_left(events, end)]

    @cached_property
    def _edit_events(self) -> list[int]:
        return [edit.event for edit in self.edits]

    def first_change_since(self, run: Run, event: int, family: str) -> Edit | None:
        """Return the first change of a file between a run and `event` that may alter what the run prints; None if
        there is none.
        """
        undos = self._undos_between(run.result_event, event)
        key = (run.call_event, bisect_left(self._edit_events, event), undos[-1].event if undos else -1, family)
        if key not in self._change_cache:
            programs = [step.program for step in run.steps if step.family != "quiet"]
            words = [word for step in run.steps if step.family != "quiet" for word in step.words[1:]]
            edits = edits_not_undone(remaining_edits(self.edits_between(run.result_event, event)[:_MAX_EDITS]), undos)
            self._change_cache[key] = next(
                (
                    edit
                    for edit in edits
                    if may_alter_output(edit, programs, words, family)
                    or (family != "tests" and any(reads(step, run.command, edit) for step in run.steps))
                ),
                None,
            )
        return self._change_cache[key]

    def _undos_between(self, start_event: int, end_event: int) -> Sequence[Undo]:
        """Return the commands between two events that may have undone changes; only the latest few."""
        end = bisect_left(self.undos, end_event, key=lambda undo: undo.event)
        start = bisect_right(self.undos, start_event, key=lambda undo: undo.event)
        return self.undos[max(start, end - _MAX_UNDOS) : end]

    def change_doubt_since(self, run: Run, event: int, family: str) -> str | None:
        """Return a reason why the files that a run reads may have changed before `event`; None if there is none.

        It is meant for cases in which `first_change_since` finds nothing.
        """
        index = bisect_right(self.unnamed_changes, run.result_event)
        if index < len(self.unnamed_changes) and self.unnamed_changes[index] < event:
            command = shorten_command(self.transcript.events[self.unnamed_changes[index]].command or "a command")
            return f"“{command}” may have changed the files after the run that the claim is about"
        key = (run.call_event, bisect_left(self._edit_events, event), family)
        if key not in self._doubt_cache:
            programs = [step.program for step in run.steps if step.family != "quiet"]
            words = [word for step in run.steps if step.family != "quiet" for word in step.words[1:]]
            edits = self.edits_between(run.result_event, event)[:_MAX_EDITS]
            self._doubt_cache[key] = next(
                (
                    edit
                    for edit in edits
                    if may_affect_run(edit, programs, words, family)
                    or (family != "tests" and any(may_read_unnamed(step, edit) for step in run.steps))
                ),
                None,
            )
        edit = self._doubt_cache[key]
        return f"{edit.path} was written after the run that the claim is about" if edit else None

    @cached_property
    def _runs_by_result(self) -> list[Run]:
        return sorted((run for run in self.runs if run.result is not None), key=lambda run: run.result_event)

    def runs_before(self, event: int, limit: int = 300) -> list[Run]:
        """Return the runs whose results come before an event, the latest first."""
        index = bisect_left(self._runs_by_result, event, key=lambda run: run.result_event)
        return self._runs_by_result[max(index - limit, 0) : index][::-1]

    def runs_after(self, event: int, session: str, limit: int = 50) -> list[Run]:
        """Return the runs of one session whose results come after an event, the earliest first. Commands that were
        refused are left out.
        """
        index = bisect_right(self._runs_by_result, event, key=lambda run: run.result_event)
        runs = (
            run
            for run in self._runs_by_result[index : index + 20 * limit]
            if run.session == session and not run.is_refused
        )
        return list(islice(runs, limit))

    @cached_property
    def texts_read_by_name(self) -> dict[str, list[Output]]:
        """The texts of files that tools read, by file name without the folder."""
        outputs: dict[str, list[Output]] = {}
        paths = {
            (event.session, event.call_id): event.path
            for event in self.transcript.events
            if event.kind == "call" and event.path
        }
        for event in self.transcript.events:
            if event.kind == "result" and (path := paths.get((event.session, event.call_id))):
                outputs.setdefault(path.rsplit("/", 1)[-1], []).append(
                    Output(event.number, strip_control_sequences(event.text), is_result=True)
                )
        return outputs

    def is_edit(self, event: int) -> bool:
        """Return whether an event changes a file whose new text is known."""
        return self.transcript.events[event].kind == "edit"

    def is_result(self, event: int) -> bool:
        """Return whether an event is the result of a tool."""
        return self.transcript.events[event].kind == "result"

    def has_unnamed_change(self, start: int, end: int) -> bool:
        """Return whether a command between two events may have changed files that it does not name."""
        index = bisect_right(self.unnamed_changes, start)
        return index < len(self.unnamed_changes) and self.unnamed_changes[index] < end

    def unseen_run_reason(self, family: str, event: int, after: int = -1) -> str | None:
        """Return a reason why a command of this family may have run between `after` and `event` without being
        shown; None if there is none.
        """
        index = bisect_right(self.possible_unseen_runs, after, key=lambda entry: entry[0])
        if index < len(self.possible_unseen_runs) and self.possible_unseen_runs[index][0] < event:
            return self.possible_unseen_runs[index][1]
        hiding = self.runs_hiding_family(family)
        index = bisect_right(hiding, after, key=lambda run: run.call_event)
        if index < len(hiding) and hiding[index].call_event < event:
            return f"“{shorten_command(hiding[index].command)}” may have run what is claimed"
        return None

    def last_possible_run(self, family: str, start: int, end: int) -> Run | None:
        """Return the last run between two events that may have run a command of this family without showing it.

        For example, `./check.sh` may have run `tests`.
        """
        hiding = self.runs_hiding_family(family)
        index = bisect_left(hiding, end, key=lambda run: run.call_event)
        return next(
            (
                run
                for run in hiding[max(index - 20, 0) : index][::-1]
                if run.call_event > start and resembles_family(run, family)
            ),
            None,
        )

    def has_unseen_before(self, event: int) -> bool:
        """Return whether something other than a command may have run a program before an event without showing it."""
        return bool(self.possible_unseen_runs) and self.possible_unseen_runs[0][0] < event

    def runs_hiding_family(self, family: str) -> list[Run]:
        """Return the runs that may have executed a command of this family without showing it."""
        if family not in self._hiding_by_family:
            self._hiding_by_family[family] = [
                run for run in self.runs if not run.is_refused and may_hide_command(run, family)
            ]
        return self._hiding_by_family[family]

    def cached(self, key: Hashable, compute: Callable[[], tuple[T, ...]]) -> tuple[T, ...]:
        """Return the cached value for this key. If there is none yet, it is computed by `compute`."""
        if key not in self._cache:
            self._cache[key] = compute()
        return self._cache[key]

    def cached_recently(self, key: Hashable, compute: Callable[[], tuple[T, ...]]) -> tuple[T, ...]:
        """Do the same as `cached`, with a cache that keeps only the latest values."""
        if key not in self._recent_cache:
            self._recent_cache[key] = compute()
            if len(self._recent_cache) > _MAX_RECENT:
                del self._recent_cache[next(iter(self._recent_cache))]
        return self._recent_cache[key]

    def runs_of_family(self, family: str) -> list[Run]:
        """Return the runs of one family, such as `tests`, in the order of their calls."""
        return self._runs_by_family.get(family, [])

    @cached_property
    def _runs_by_family(self) -> dict[str, list[Run]]:
        by_family: dict[str, list[Run]] = {}
        for run in self.runs:
            for family in run.families():
                by_family.setdefault(family, []).append(run)
        return by_family

    def runs_with_words(self, words: Iterable[str], event: int) -> list[Run]:
        """Return the latest runs that were called before `event` and whose command contains one of `words`; the
        latest first.
        """
        runs = {id(run): run for word in words for run in self._last_before(self._runs_by_word.get(word, []), event)}
        return sorted(runs.values(), key=lambda run: -run.call_event)

    def last_runs_of_family(self, family: str, event: int) -> list[Run]:
        """Return the runs of a family that were called before an event, the latest first, up to a limit."""
        return self._last_before(self.runs_of_family(family), event)[::-1]

    @staticmethod
    def _last_before(runs: list[Run], event: int, limit: int = 300) -> list[Run]:
        index = bisect_left(runs, event, key=lambda run: run.call_event)
        return runs[max(index - limit, 0) : index]

    @cached_property
    def _runs_by_word(self) -> dict[str, list[Run]]:
        by_word: dict[str, list[Run]] = {}
        for run in self.runs:
            for word in set(_WORD.findall(run.command[:20_000])):
                by_word.setdefault(word, []).append(run)
        return by_word

    @cached_property
    def edits_by_name(self) -> dict[str, list[Edit]]:
        """The changes of files, by file name without the folder, in the order of their events."""
        by_name: dict[str, list[Edit]] = {}
        for edit in self.edits:
            by_name.setdefault(edit.path.rsplit("/", 1)[-1], []).append(edit)
        return by_name

    def evidence(self, event: int, offset: int = 0, length: int = 0) -> Evidence:
        """Return the lines of an event that contain the `length` characters from `offset` on. For a call, return
        the first line of the command.
        """
        shown_event = self.transcript.events[event]
        if shown_event.kind == "call" and shown_event.command and not offset:
            return Evidence(event, shown_event.place, (1, 1), shown_event.command.strip().split("\n")[0][:500])
        text = strip_control_sequences(shown_event.text)
        start = text.rfind("\n", 0, offset) + 1
        end = text.find("\n", offset + max(length - 1, 0))
        end = len(text) if end < 0 else end
        first_line = text.count("\n", 0, start) + 1
        quote = text[start:end].strip("\r\n")
        return Evidence(
            event, shown_event.place_of_line(first_line), (first_line, first_line + quote.count("\n")), quote[:500]
        )

    @cached_property
    def first_test_counts(self) -> dict[int, int]:
        """For each number that may be a number of tests: the first event that shows it."""
        first_events: dict[int, int] = {}
        for output in self.outputs:
            for number in _test_counts(output.text):
                first_events.setdefault(number, output.event)
        for edit in self.edits:
            count = len(_TEST_DEFINITION.findall(edit.new))
            first_events.setdefault(count, edit.event)
        return first_events


_CONTINUED_SESSION = re.compile(
    r"continued from a previous (?:conversation|session)|summary of (?:the|our|"
    r"my) (?:previous )?(?:conversation|session|work so far)|"
    r"picking up where we left off|previous (?:conversation|session) (?:ran out|was compacted)",
    re.IGNORECASE,
)
_MAX_EDITS = 2_000
_MAX_UNDOS = 20
_MAX_RECENT = 100
_WORD = re.compile(r"[\w.+-]*\w")
_TEST_COUNT = re.compile(
    r"(?<![\d.])(\d{1,7})(?![\d.]*\d)[ \t]*(?:[a-z]+ )?(?:tests?|passed|passing|pass|items|specs|"
    r"examples|checks|cases|assertions|failed|skipped|errors?|total|ok)\b|\b(?:tests?|passed|total|"
    r"pass|collected|ran|failed|fail|ok)\b[ \t]*[:=]?[ \t]*(\d{1,7})\b",
    re.IGNORECASE,
)
_TEST_DEFINITION = re.compile(r"^\s*(?:async )?(?:def test_|func Test|it\(|test\(|#\[test\]|@Test\b)", re.MULTILINE)


_MENTIONS_TESTS = re.compile(r"pass|test|fail|\bok\b|item|spec|example|check|case|total|[✓✔✅]", re.IGNORECASE)


def _test_counts(text: str) -> Iterator[int]:
    if not _MENTIONS_TESTS.search(text):
        return
    for match in _TEST_COUNT.finditer(text):
        yield int(match[1] or match[2])
    if definition_count := len(_TEST_DEFINITION.findall(text)):
        yield definition_count
    yield from (count for count in count_test_cases(text) if count)
