"""Builds the log of a run from its events."""

from collections import Counter
from datetime import datetime
from pathlib import Path

from gedanken.experiment.approval import format_decision
from gedanken.experiment.budget import Tokens, Used
from gedanken.experiment.execution import Execution
from gedanken.experiment.probe_design import Plan
from gedanken.experiment.probe_events import AnswerKept, ItemKept, Judged, Planned
from gedanken.experiment.program import Program
from gedanken.experiment.run_log import (
    UNFINISHED,
    Decided,
    EarlierPart,
    Ended,
    Heartbeat,
    ModelFacts,
    ModelKnown,
    Noted,
    Opened,
    RunEvent,
    RunLog,
    RunSetup,
    Started,
    SurprisalKept,
    WorkBegan,
    WorkEnded,
    script_of,
    sort_executions,
)
from gedanken.experiment.run_spec import Part, RunSpec
from gedanken.experiment.surprisal import Surprisal
from gedanken.experiment.use_events import Reserved, Settled


class EventLog:
    """Collects the events of a run, and builds the log from them.

    The caller also fills `programs` and `executions`: events contain neither sources nor outputs.
    """

    def __init__(self, spec: RunSpec, folder: Path) -> None:
        """Start with no events; `folder` is the run folder."""
        self.programs: dict[str, Program] = {}
        self.executions: dict[str, Execution] = {}
        self.items: dict[str, ItemKept] = {}
        """The probe's items, by id."""
        self.answers: dict[str, AnswerKept] = {}
        """The answers to the probe's questions, by the key of the question."""
        self.judged: dict[str, Judged] = {}
        """Whether answers are right that had to be executed, by the key of the question."""
        self.plan: Plan | None = None
        self._models: dict[int | None, ModelFacts] = {}
        self._spec = spec
        self._folder = folder
        self._first_start: Started | None = None
        self._last_start: Started | None = None
        self._opened: Opened | None = None
        self._last_end: Ended | None = None
        self._surprisal: Surprisal | None = None
        self._running_nodes: dict[tuple[str, str], WorkBegan] = {}
        self._last_left: WorkEnded | None = None
        self._note_counts: Counter[str] = Counter()
        self.decisions: list[Decided] = []
        self.seconds_before = 0.0
        """Seconds that earlier processes worked on the run. For a killed process, they include the seconds that it
        had recorded in advance; see Heartbeat."""
        self._settled: dict[str, Settled] = {}
        self._reserved: dict[str, Reserved] = {}
        self._lost_reservations: dict[str, Reserved] = {}
        self._restart_count = 0
        self._last_time = ""
        self._last_worked: float | None = None
        self._counted_until = 0.0
        self._settled_before = -1

    @property
    def run(self) -> str | None:
        """The run's random id. Empty if an earlier version of gedanken began the run; None if the run has not
        begun.
        """
        return self._first_start.run if self._first_start else None

    def take(self, event: RunEvent) -> None:
        """Process one event. Programs and executions are not added here; see the class."""
        match event:
            case Started():
                self.seconds_before += self._last_process_seconds()
                self._counted_until = event.counted_until or 0.0
                self._lost_reservations |= self._reserved
                self._reserved = {}
                self._first_start = self._first_start or event
                self._settled_before = max(self._settled_before, event.settled_before)
                self._last_start, self._last_end = event, None
                self._running_nodes = {}
            case Heartbeat():
                self._counted_until = event.counted_until
            case Opened():
                self._opened = event
            case ModelKnown():
                self._models[event.until] = event.model
            case WorkBegan():
                self._running_nodes[event.node, event.who] = event
            case WorkEnded():
                self._running_nodes.pop((event.node, event.who), None)
                self._last_left = event
            case SurprisalKept():
                self._surprisal = event.found
            case Decided():
                self.decisions.append(event)
                # A kill may lose the note on the decision.
                self._note_counts.setdefault(format_decision(event.program, event.answer), 0)
            case Reserved() | Settled():
                self._take_usage(event)
            case Planned() | ItemKept() | AnswerKept() | Judged():
                self._take_probe_event(event)
            case Noted():
                self._note_counts[event.what] += 1
            case Ended():
                self._last_end = event
        self._last_time, self._last_worked = event.time, event.worked

    def _last_process_seconds(self) -> float:
        if self._last_start is None:
            return 0.0
        worked = (
            _seconds_between(self._last_start.time, self._last_time)
            if self._last_worked is None
            else self._last_worked
        )
        return worked if self._last_end else max(worked, self._counted_until)

    def _take_usage(self, event: Reserved | Settled) -> None:
        if isinstance(event, Reserved):
            if event.anew:
                self._rename_usage(event.name)
            self._lost_reservations.pop(event.name, None)  # the work goes on, so its usage is reserved again
            self._reserved[event.name] = event
            return
        self._settled[event.name] = event
        self._reserved.pop(event.name, None)
        self._lost_reservations.pop(event.name, None)

    def _rename_usage(self, name: str) -> None:
        """Move the usage that is recorded under `name` to a new name, so that it still counts when `name` is used
        again.
        """
        self._restart_count += 1
        new_name = f"{name} before {self._restart_count}"
        if name in self._settled:
            self._settled[new_name] = self._settled.pop(name)
        if unfinished := self._reserved.pop(name, None) or self._lost_reservations.pop(name, None):
            self._lost_reservations[new_name] = unfinished

    def _take_probe_event(self, event: Planned | ItemKept | AnswerKept | Judged) -> None:
        match event:
            case Planned():
                self.plan = event.plan
            case ItemKept():
                self.items[event.item.id] = event
            case AnswerKept():
                self.answers[event.question.key] = event
            case Judged():
                self.judged[event.question] = event

    @property
    def has_ended(self) -> bool:
        """True if the last process has recorded how its work ended."""
        return self._last_end is not None

    @property
    def model(self) -> ModelFacts | None:
        """Facts about the last model; None until they are known."""
        return self._models.get(None)

    @property
    def used(self) -> Used:
        """What the run has used so far. If a dead process left work unfinished, what was reserved for it counts as
        used.
        """
        settled, lost = self._settled.values(), self._lost_reservations.values()
        requests = [event for event in lost if event.read or event.written]
        counted: list[Settled | Reserved] = [*settled, *lost]
        return Used(
            Tokens(
                read=sum(event.read for event in counted),
                written=sum(event.written for event in counted),
                calls=sum(event.calls for event in settled) + len(requests),
                estimated=sum(event.estimated for event in settled) + len(requests),
            ),
            sum(event.gpu_seconds for event in counted),
        )

    def log(self, notes: tuple[str, ...] = ()) -> RunLog:
        """Return the log of all processed events. Its notes begin with `notes`."""
        spec, opened = self._spec, self._opened
        programs = tuple(self.programs.values())
        setup = RunSetup(
            experiment=spec.experiment.name,
            run=self._folder.resolve().name,
            gedanken=self._last_start.gedanken if self._last_start else "",
            python=self._last_start.python if self._last_start else "",
            model=self.model or ModelFacts(name=spec.model.name, base_url=spec.model.base_url),
            persona=spec.persona.name,
            facts=opened.facts if opened else (),
            conditions=spec.experiment.conditions,
            machine=opened.machine if opened else None,
            dataset=opened.dataset if opened else spec.experiment.dataset,
            limits=spec.experiment.limits,
            script=script_of(spec.experiment),
            real=spec.real,
            imagined=spec.imagined,
            simulate=spec.simulate,
            earlier=tuple(self._earlier_part(part) for part in spec.earlier),
        )
        return RunLog(
            title=spec.experiment.name,
            setup=setup,
            programs=programs,
            executions=sort_executions(programs, tuple(self.executions.values())),
            persona=spec.played,
            surprisal=self._surprisal,
            outcome=self._last_end.outcome if self._last_end else UNFINISHED,
            started=self._first_start.time if self._first_start else "",
            ended=self._last_end.time if self._last_end else "",
            under_way=() if self._last_end else tuple(self._running_nodes.values()),
            left=self._last_left,
            notes=(
                *notes,
                *(note if count <= 1 else f"{note} ({count} times)" for note, count in self._note_counts.items()),
            ),
            decisions=tuple(self.decisions),
            plan=self.plan,
            items=tuple(self.items.values()),
            answers=tuple(self.answers.values()),
            judged=tuple(self.judged.values()),
            tokens=self.used.tokens if self._settled or self._lost_reservations else None,
            settled_before=self._settled_before,
            folder=self._folder,
            spec=spec,
        )

    def _earlier_part(self, part: Part) -> EarlierPart:
        requested_model = ModelFacts(name=part.model.name, base_url=part.model.base_url)
        persona = self._spec.played_at(part.until - 2)
        facts = persona.resolve(self._opened.machine) if self._opened else ()
        return EarlierPart(part.until, self._models.get(part.until, requested_model), persona.name, facts)


def _seconds_between(start: str, end: str) -> float:
    """Return the seconds between two times; 0 if they are unreadable or in the wrong order."""
    try:
        return max(0.0, (datetime.fromisoformat(end) - datetime.fromisoformat(start)).total_seconds())
    except (ValueError, TypeError):
        return 0.0
