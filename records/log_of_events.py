"""From events, in their order, to the log that they come to."""

from collections import Counter
from pathlib import Path

from gedanken.experiment.execution import Execution
from gedanken.experiment.program import Program
from gedanken.experiment.run_log import (
    UNFINISHED,
    Began,
    Decided,
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
    SurprisalKept,
    Tokens,
    in_order,
    script_of,
)
from gedanken.experiment.run_spec import RunSpec
from gedanken.experiment.surprisal import Surprisal


class LogOfEvents:
    """Takes events in, and knows the log so far. Programs and executions are put in with their texts."""

    def __init__(self, spec: RunSpec, folder: Path) -> None:
        """Begin with nothing but what was asked."""
        self.programs: dict[str, Program] = {}
        self.executions: dict[str, Execution] = {}
        self.model: ModelFacts | None = None
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

    def take(self, event: RunEvent) -> None:
        """Take in one event; what programs and executions hold is put in by whoever has their texts."""
        match event:
            case Started():
                self._started = self._started or event
                self._last, self._ended = event, None
                self._under_way = {}
            case Opened():
                self._opened = event
            case ModelKnown():
                self.model = event.model
            case Began():
                self._under_way[event.node, event.who] = event
            case Left():
                self._under_way.pop((event.node, event.who), None)
                self._left = event
            case SurprisalKept():
                self._surprisal = event.found
            case Decided():
                self.decisions.append(event)
            case Noted():
                self._noted[event.what] += 1
            case Ended():
                self._ended = event

    def log(self, notes: tuple[str, ...] = (), tokens: Tokens | None = None) -> RunLog:
        """The log of everything taken in."""
        spec, opened = self._spec, self._opened
        programs = tuple(self.programs.values())
        setup = RunSetup(
            experiment=spec.experiment.name,
            run=self._folder.name,
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
            notes=(*notes, *(what if n == 1 else f"{what} ({n} times)" for what, n in self._noted.items())),
            decisions=tuple(self.decisions),
            tokens=tokens,
            folder=self._folder,
            spec=spec,
        )
