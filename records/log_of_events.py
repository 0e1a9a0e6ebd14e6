"""Builds the log of a run from its events."""

from collections import Counter
from datetime import datetime
from pathlib import Path

from gedanken.experiment.approval import in_words
from gedanken.experiment.budget import Tokens, Used
from gedanken.experiment.execution import Execution
from gedanken.experiment.probe_design import Plan
from gedanken.experiment.probe_events import AnswerKept, ItemKept, Judged, Planned
from gedanken.experiment.program import Program
from gedanken.experiment.run_log import (
    UNFINISHED,
    Began,
    Decided,
    EarlierPart,
    Ended,
    Left,
    ModelFacts,
    ModelKnown,
    Noted,
    Opened,
    RunEvent,
    RunLog,
    RunSetup,
    Started,
    StillWorks,
    SurprisalKept,
    in_order,
    script_of,
)
from gedanken.experiment.run_spec import Part, RunSpec
from gedanken.experiment.surprisal import Surprisal
from gedanken.experiment.use_events import Reserved, Settled


class LogOfEvents:
    """Collects the events of a run, and builds the log from them.

    The caller also fills `programs` and `executions`: events contain neither sources nor outputs.
    """

    def __init__(self, spec: RunSpec, folder: Path) -> None:
        """Start without events; `folder` is the run folder."""
        self.programs: dict[str, Program] = {}
        self.executions: dict[str, Execution] = {}
        self.items: dict[str, ItemKept] = {}
        """The probe's items, by id."""
        self.answers: dict[str, AnswerKept] = {}
        """The answers to the probe's questions, by the key of the question."""
        self.judged: dict[str, Judged] = {}
        """Whether answers that had to be executed are right, by the key of the question."""
        self.plan: Plan | None = None
        self._models: dict[int | None, ModelFacts] = {}
        self._spec = spec
        self._folder = folder
        self._started: Started | None = None
        self._last: Started | None = None
        self._opened: Opened | None = None
        self._ended: Ended | None = None
        self._surprisal: Surprisal | None = None
        self._under_way: dict[tuple[str, str], Began] = {}
        self._left: Left | None = None
        self._noted: Counter[str] = Counter()
        self.decisions: list[Decided] = []
        self.seconds_before = 0.0
        """Seconds that earlier processes worked on the run. Those of a killed process include what it had recorded in
        advance; see StillWorks."""
        self._settled: dict[str, Settled] = {}
        self._reserved: dict[str, Reserved] = {}
        self._lost: dict[str, Reserved] = {}
        self._begun_anew = 0
        self._time = ""
        self._worked: float | None = None
        self._counted_until = 0.0
        self._settled_before = -1

    @property
    def run(self) -> str | None:
        """The run's random id; empty if an earlier version began the run, None before it begins."""
        return self._started.run if self._started else None

    def take(self, event: RunEvent) -> None:
        """Process one event. Programs and executions are not added here; see the class."""
        match event:
            case Started():
                self.seconds_before += self._seconds_of_last()
                self._counted_until = event.counted_until or 0.0
                self._lost |= self._reserved
                self._reserved = {}
                self._started = self._started or event
                self._settled_before = max(self._settled_before, event.settled_before)
                self._last, self._ended = event, None
                self._under_way = {}
            case StillWorks():
                self._counted_until = event.counted_until
            case Opened():
                self._opened = event
            case ModelKnown():
                self._models[event.until] = event.model
            case Began():
                self._under_way[event.node, event.who] = event
            case Left():
                self._under_way.pop((event.node, event.who), None)
                self._left = event
            case SurprisalKept():
                self._surprisal = event.found
            case Decided():
                self.decisions.append(event)
                self._noted.setdefault(in_words(event.program, event.answer), 0)  # its note may be lost in a kill
            case Reserved() | Settled():
                self._take_use(event)
            case Planned() | ItemKept() | AnswerKept() | Judged():
                self._take_of_probe(event)
            case Noted():
                self._noted[event.what] += 1
            case Ended():
                self._ended = event
        self._time, self._worked = event.time, event.worked

    def _seconds_of_last(self) -> float:
        """Return how many seconds the last process worked on the run."""
        if self._last is None:
            return 0.0
        worked = _seconds_between(self._last.time, self._time) if self._worked is None else self._worked
        return worked if self._ended else max(worked, self._counted_until)

    def _take_use(self, event: Reserved | Settled) -> None:
        if isinstance(event, Reserved):
            if event.anew:
                self._keep_apart(event.name)
            self._lost.pop(event.name, None)  # it was found again: what it takes is not lost, but reserved
            self._reserved[event.name] = event
            return
        self._settled[event.name] = event
        self._reserved.pop(event.name, None)
        self._lost.pop(event.name, None)

    def _keep_apart(self, name: str) -> None:
        """Move the usage under `name` to another name, so that it stays counted."""
        self._begun_anew += 1
        apart = f"{name} before {self._begun_anew}"
        if name in self._settled:
            self._settled[apart] = self._settled.pop(name)
        if unfinished := self._reserved.pop(name, None) or self._lost.pop(name, None):
            self._lost[apart] = unfinished

    def _take_of_probe(self, event: Planned | ItemKept | AnswerKept | Judged) -> None:
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
        return self._ended is not None

    @property
    def model(self) -> ModelFacts | None:
        """Facts about the last model; None until they are known."""
        return self._models.get(None)

    @property
    def used(self) -> Used:
        """The usage so far. Of work that a dead process left unfinished, the reserved maximum is counted."""
        settled, lost = self._settled.values(), self._lost.values()
        requests = [event for event in lost if event.read or event.written]
        everything: list[Settled | Reserved] = [*settled, *lost]
        return Used(
            Tokens(
                read=sum(event.read for event in everything),
                written=sum(event.written for event in everything),
                calls=sum(event.calls for event in settled) + len(requests),
                estimated=sum(event.estimated for event in settled) + len(requests),
            ),
            sum(event.gpu_seconds for event in everything),
        )

    def log(self, notes: tuple[str, ...] = ()) -> RunLog:
        """Return the log of all processed events. Its notes begin with `notes`."""
        spec, opened = self._spec, self._opened
        programs = tuple(self.programs.values())
        setup = RunSetup(
            experiment=spec.experiment.name,
            run=self._folder.resolve().name,
            gedanken=self._last.gedanken if self._last else "",
            python=self._last.python if self._last else "",
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
            earlier=tuple(self._earlier(part) for part in spec.earlier),
        )
        return RunLog(
            title=spec.experiment.name,
            setup=setup,
            programs=programs,
            executions=in_order(programs, tuple(self.executions.values())),
            persona=spec.played,
            surprisal=self._surprisal,
            outcome=self._ended.outcome if self._ended else UNFINISHED,
            started=self._started.time if self._started else "",
            ended=self._ended.time if self._ended else "",
            under_way=() if self._ended else tuple(self._under_way.values()),
            left=self._left,
            notes=(*notes, *(what if n <= 1 else f"{what} ({n} times)" for what, n in self._noted.items())),
            decisions=tuple(self.decisions),
            plan=self.plan,
            items=tuple(self.items.values()),
            answers=tuple(self.answers.values()),
            judged=tuple(self.judged.values()),
            tokens=self.used.tokens if self._settled or self._lost else None,
            settled_before=self._settled_before,
            folder=self._folder,
            spec=spec,
        )

    def _earlier(self, part: Part) -> EarlierPart:
        asked = ModelFacts(name=part.model.name, base_url=part.model.base_url)
        persona = self._spec.played_at(part.until - 2)
        facts = persona.resolve(self._opened.machine) if self._opened else ()
        return EarlierPart(part.until, self._models.get(part.until, asked), persona.name, facts)


def _seconds_between(began: str, ended: str) -> float:
    """Return the seconds between two times; 0 if they are unreadable or in the wrong order."""
    try:
        return max(0.0, (datetime.fromisoformat(ended) - datetime.fromisoformat(began)).total_seconds())
    except (ValueError, TypeError):
        return 0.0
