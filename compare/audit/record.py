"""What a transcript records: runs with their results, changes of files, and what may have run unseen."""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice

from gedanken.compare.audit.commands import Step, may_hide, steps_of
from gedanken.compare.audit.edits import Edit, lasting, shell_edits, shuffles_files, touches
from gedanken.compare.audit.outcomes import Tests, cases_in, exit_code_in, plain, says_cut, summaries_in
from gedanken.experiment.agent_transcript import AgentEvent, AgentTranscript
from gedanken.experiment.claim import Evidence

_READING = re.compile(
    r"(?:read|view|open|ls|list|glob|grep|search|find|todo|plan|think|fetch|web|browse|ask|question|memory|note|scroll|goto|edit|write|create|str_replace|"
    r"replace|insert|update_plan|finish|submit|exit_plan|complete|attempt_completion|message|notebook_?read|multi_?edit|apply_patch|skill|toolsearch|image)",
    re.IGNORECASE,
)
_EDITOR_FAILED = re.compile(
    r"^\s*(?:<tool_use_error>|error\b|failed|no (?:match|replacement)|"
    r"string (?:to replace )?not found|.{0,60}(?:did not appear verbatim|was not found|could not be|"
    r"not been read yet|doesn't want to proceed|rejected))",
    re.IGNORECASE,
)
_REFUSED = re.compile(
    r"(?:doesn't want to (?:proceed|take this action)|was rejected|user (?:denied|rejected|declined)|"
    r"permission (?:to use .{1,40} )?(?:has been )?denied|requires approval|aborted by user|"
    r"blocked by)",
    re.IGNORECASE,
)
_BACKGROUND = re.compile(
    r"\"?run_in_background\"?\s*:\s*true|\bnohup\b|(?<!&)&\s*$|running in (?:the )?background|"
    r"Process running with session ID|still running",
    re.IGNORECASE,
)
_SIGNS = {
    "tests": re.compile(
        r"\bpass|\bfail|\d+ tests?\b|\btests? (?:ok|run|suite)|\bok\b|[✓✔✅]|assert|success", re.IGNORECASE
    ),
    "program": re.compile(r"\d"),
}
_OTHER_SIGNS = re.compile(
    r"error|warning|issue|clean|lint|check|built|build|compil|success|pass|finished|done|mypy|ruff|format",
    re.IGNORECASE,
)
_TESTING = re.compile(r"test|check|verif|valid|spec|ci\b|build|lint|all|run", re.IGNORECASE)


@dataclass(slots=True, eq=False)
class Run:
    """A command that the record says was run."""

    call: int
    """The number of the event that asked for it."""
    result: int | None
    """That of its result; none where the record has none."""
    command: str
    session: str
    steps: tuple[Step, ...]
    text: str = ""
    exit_code: int | None = None
    cut: bool = False
    """Whether some of its output is missing: cut by the harness, or sent through another command."""
    background: bool = False
    refused: bool = False
    _tests: list[Tests] | None = None

    @property
    def tests(self) -> list[Tests]:
        """The summaries of test runners that it printed."""
        if self._tests is None:
            self._tests = summaries_in(self.text)
        return self._tests

    @property
    def at(self) -> int:
        """From which event on its result is known."""
        return self.result if self.result is not None else 10**12

    def families(self) -> set[str]:
        """What its commands are for."""
        return {step.family for step in self.steps}


@dataclass(frozen=True, slots=True)
class Output:
    """A text that was there to be seen: a result, a file that was read, something a user wrote."""

    event: int
    text: str
    is_result: bool


@dataclass
class Record:
    """A transcript as evidence."""

    transcript: AgentTranscript
    runs: list[Run] = field(default_factory=list)
    """In the order of their calls."""
    edits: list[Edit] = field(default_factory=list)
    shuffles: list[int] = field(default_factory=list)
    """Events whose commands may have changed files that they do not name."""
    unseen: list[tuple[int, str]] = field(default_factory=list)
    """What may have run something unseen, and at which event."""
    outputs: list[Output] = field(default_factory=list)
    sub_agents: set[str] = field(default_factory=set)

    @property
    def is_complete(self) -> bool:
        """Whether everything that was run is in it."""
        return self.transcript.has_tools and not self.transcript.gaps and not any(self.transcript.unknown.values())

    def has_gap_before(self, event: int) -> bool:
        """Whether something is missing before an event, as far as places tell."""
        if any(self.transcript.unknown.values()):
            return True
        place = self.transcript.events[event].place
        return any(gap.place.file != place.file or gap.place.line <= place.line for gap in self.transcript.gaps)

    def edits_between(self, low: int, high: int) -> Sequence[Edit]:
        """Changes after one event and before another."""
        numbers = self._edited_at
        return self.edits[bisect_right(numbers, low) : bisect_left(numbers, high)]

    @cached_property
    def _edited_at(self) -> list[int]:
        return [edit.event for edit in self.edits]

    def change_since(self, run: Run, event: int, family: str) -> Edit | None:
        """The first change after a run's result, and before an event, that could have changed what it prints."""
        programs = [step.program for step in run.steps if step.family != "quiet"]
        words = [word for step in run.steps if step.family != "quiet" for word in step.words[1:]]
        return next(
            (edit for edit in lasting(self.edits_between(run.at, event)) if touches(edit, programs, words, family)),
            None,
        )

    @cached_property
    def _by_result(self) -> list[Run]:
        return sorted((run for run in self.runs if run.result is not None), key=lambda run: run.at)

    def runs_known_before(self, event: int, most: int = 300) -> list[Run]:
        """Runs whose result stands before an event, the last first."""
        at = bisect_left(self._by_result, event, key=lambda run: run.at)
        return self._by_result[max(at - most, 0) : at][::-1]

    def runs_known_after(self, event: int, session: str, most: int = 50) -> list[Run]:
        """Runs of an agent whose result came later, the first first."""
        at = bisect_right(self._by_result, event, key=lambda run: run.at)
        found = (run for run in self._by_result[at : at + 20 * most] if run.session == session and not run.refused)
        return list(islice(found, most))

    @cached_property
    def reads(self) -> dict[str, list[Output]]:
        """What was read of files by tools, by the name of the file."""
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
        """Whether an event is a change of a file, with its text."""
        return self.transcript.events[event].kind == "edit"

    def is_result(self, event: int) -> bool:
        """Whether an event is what a tool gave back."""
        return self.transcript.events[event].kind == "result"

    def is_shuffled_since(self, low: int, high: int) -> bool:
        """Whether a command between two events may have changed any file."""
        return any(low < number < high for number in self.shuffles)

    def could_have_run(self, family: str, event: int, after: int = -1) -> str | None:
        """What, between two events, may have run something of this family unseen; none where nothing could."""
        for number, why in self.unseen:
            if after < number < event:
                return why
        for run in self.runs:
            if after < run.call < event and not run.refused and _hides(run, family):
                return f"“{_short(run.command)}” may have run it"
        return None

    def evidence(self, event: int, offset: int = 0, length: int = 0) -> Evidence:
        """A line of an event's text, that at an offset of it."""
        text = plain(self.transcript.events[event].text)
        low = text.rfind("\n", 0, offset) + 1
        high = text.find("\n", offset + max(length - 1, 0))
        high = len(text) if high < 0 else high
        first = text.count("\n", 0, low) + 1
        quote = text[low:high].strip("\r\n")
        return Evidence(event, self.transcript.events[event].place, (first, first + quote.count("\n")), quote[:500])

    @cached_property
    def test_numbers(self) -> dict[int, int]:
        """Every number that a text names together with tests, with the first event that does."""
        found: dict[int, int] = {}
        for output in self.outputs:
            for number in _numbers_of_tests(output.text):
                found.setdefault(number, output.event)
        for edit in self.edits:
            count = len(_DEFINED.findall(edit.new))
            found.setdefault(count, edit.event)
        return found


_NAMED = re.compile(
    r"(?<![\d.])(\d{1,7})(?![\d.]*\d)[ \t]*(?:[a-z]+ )?(?:tests?|passed|passing|pass|items|specs|"
    r"examples|checks|cases|assertions|failed|skipped|errors?|total|ok)\b|\b(?:tests?|passed|total|"
    r"pass|collected|ran|failed|fail|ok)\b[ \t]*[:=]?[ \t]*(\d{1,7})\b",
    re.IGNORECASE,
)
_DEFINED = re.compile(r"^\s*(?:async )?(?:def test_|func Test|it\(|test\(|#\[test\]|@Test\b)", re.MULTILINE)


def _numbers_of_tests(text: str) -> Iterator[int]:
    for found in _NAMED.finditer(text):
        yield int(found[1] or found[2])
    if defined := len(_DEFINED.findall(text)):
        yield defined
    yield from (count for count in cases_in(text) if count)


_OF_ITSELF = re.compile(
    r"^(?:\[(?:Command|The command|[\w/.-]+ [0-9a-f]{7,})|\s\d+ files? changed| (?:create|delete|rename) mode).*$",
    re.MULTILINE,
)
"""What a commit and a harness print of themselves."""


def _hides(run: Run, family: str) -> bool:
    """Whether a run may have done something of a family that its record does not show."""
    if run.background and run.result is None:
        return True
    if family == "tests" and run.tests:
        return False  # it is seen
    text = _OF_ITSELF.sub("", run.text)
    return any(may_hide(step, family) and _shows(run, step, family, text) for step in run.steps)


def _shows(run: Run, step: Step, family: str, text: str) -> bool:
    """Whether what a step printed leaves open, or says, that it did something of a family."""
    if _signs(family).search(text):
        return True
    if step.family == "commit":
        return False
    return run.result is None or run.cut or not text.strip() or _TESTING.search(step.text) is not None


def _signs(family: str) -> re.Pattern[str]:
    return _SIGNS.get(family, _OTHER_SIGNS)


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 80 else line[:79] + "…"


def record_of(transcript: AgentTranscript) -> Record:
    """The record that a transcript is."""
    return _Reader(transcript).read()


@dataclass(slots=True)
class _Reader:
    transcript: AgentTranscript
    calls: dict[str, AgentEvent] = field(default_factory=dict)
    open: dict[str, Run] = field(default_factory=dict)
    known: set[str] = field(default_factory=set)
    pending: dict[str, list[int]] = field(default_factory=dict)

    def read(self) -> Record:
        record = Record(self.transcript)
        record.sub_agents = {event.session for event in self.transcript.events if event.session}
        for event in self.transcript.events:
            match event.kind:
                case "call":
                    self._call(record, event)
                case "edit":
                    self._edit(record, event)
                case "result":
                    self._result(record, event)
                case "unknown":
                    record.unseen.append((event.number, "the record has an event that its reader does not know"))
                case "message" if event.speaker != "agent":
                    record.outputs.append(Output(event.number, event.text, is_result=False))
        return record

    def _call(self, record: Record, event: AgentEvent) -> None:
        key = f"{event.session}/{event.call_id}" if event.call_id else ""
        if event.command is not None:
            run = Run(event.number, None, event.command, event.session, steps_of(event.command))
            run.background = bool(_BACKGROUND.search(event.text[:5_000]) or _BACKGROUND.search(event.command[-200:]))
            record.runs.append(run)
            if key:
                self.open[key] = run
            for path, was_there in shell_edits(event.command):
                record.edits.append(Edit(event.number, path, None, "", known=was_there or path in self.known))
                self.known.add(path)
            if shuffles_files(event.command):
                record.shuffles.append(event.number)
            return
        if event.path:
            self.known.add(event.path)
        if key:
            self.calls[key] = event
        name = (event.tool or "").rsplit("__", 1)[-1]
        if re.match(r"(?:task|agent|spawn_agent|dispatch)", name, re.IGNORECASE):
            if not record.sub_agents:
                record.unseen.append((event.number, "a sub-agent worked, whose own record is not here"))
        elif not _READING.match(name) and not event.path:
            record.unseen.append(
                (event.number, f"the tool “{_short(event.tool or 'without a name')}” may have run it")
            )

    def _edit(self, record: Record, event: AgentEvent) -> None:
        path = event.path or ""
        known = path in self.known or bool(event.old_text)
        self.known.add(path)
        if event.call_id:
            self.pending.setdefault(f"{event.session}/{event.call_id}", []).append(len(record.edits))
        record.edits.append(Edit(event.number, path, event.old_text, event.text, known))

    def _result(self, record: Record, event: AgentEvent) -> None:
        key = f"{event.session}/{event.call_id}" if event.call_id else ""
        text = plain(event.text)
        if key in self.pending:
            failed = bool(event.exit_code) or _EDITOR_FAILED.match(text[:400]) is not None
            for at in sorted(self.pending.pop(key), reverse=True):
                if failed and at < len(record.edits):
                    record.edits[at] = record.edits[at]._replace(path="")
        record.outputs.append(Output(event.number, text, is_result=True))
        run = self.open.get(key)
        if run is None and not key and record.runs and record.runs[-1].result is None:
            run = record.runs[-1]
        if run is not None:
            _finish(run, event, text)


def _finish(run: Run, event: AgentEvent, text: str) -> None:
    run.result = event.number
    run.text = f"{run.text}\n{text}" if run.text else text
    run.exit_code = event.exit_code if event.exit_code is not None else exit_code_in(text)
    run.cut = (
        run.cut or event.cut or says_cut(text) or any(step.is_piped and step.family != "quiet" for step in run.steps)
    )
    run.background = run.background or _BACKGROUND.search(text[:300]) is not None
    run.refused = _REFUSED.search(text[:400]) is not None
