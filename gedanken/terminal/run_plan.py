"""Estimates the progress and the remaining time of a run from the time that its work has taken so far."""

import time
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from gedanken.compare.commands.answers import BOOT_COMMANDS
from gedanken.experiment.script import Experiment, ScriptLine

Kind = Literal["fact", "boot table", "boot answer", "write", "command", "answer", "trunk", "seed", "sample", "report"]

FIRST_GUESS: dict[Kind, float] = {
    "fact": 0.5,
    "boot table": 42,
    "boot answer": 2,
    "write": 30,
    "command": 0.5,
    "answer": 17,
    "trunk": 12,
    "seed": 8,
    "sample": 22,
    "report": 50,
}
"""Seconds for each kind of work, measured on 2 idle cores with the embedded model. They are used until the run has
done work of that kind, and are scaled by how long its other work took.
"""
_MODEL_KINDS: frozenset[Kind] = frozenset({"boot table", "boot answer", "write", "answer", "sample", "report"})
_SIMILAR_KINDS: dict[Kind, Kind] = {"seed": "trunk"}
"""For a kind of work that has not been done yet, an earlier kind whose measured durations are used in its place."""
_GUESS_WEIGHT = 3.0
"""Weight of the first guess. The guess counts as much as this many seconds of measured work."""


@dataclass(slots=True)
class PlannedStep:
    """The work for one line of the script, or the work before or after all lines."""

    name: str
    pieces: Counter[Kind]
    """Number of planned pieces of work of each kind. It grows if a program has to be fixed."""
    done: Counter[Kind] = field(default_factory=Counter)

    @property
    def remaining(self) -> Counter[Kind]:
        return self.pieces - self.done


def plan_steps(experiment: Experiment, real: int, imagined: int, simulate: bool) -> list[PlannedStep]:
    """Plan the steps of a run with `real` seeds and `imagined` samples, in addition to seed 0 and sample 0. If
    `simulate` is False, nothing is imagined."""
    boot: Counter[Kind] = Counter({"fact": len(BOOT_COMMANDS)})
    if simulate:
        boot += Counter({"boot table": 1, "boot answer": len(BOOT_COMMANDS) - 1})
    steps = [PlannedStep("asking both machines about themselves", boot)]
    index = experiment.next_step(-1)
    while index is not None:
        steps.append(_step_of_line(experiment.script[index], real, imagined if simulate else None))
        index = experiment.next_step(index)
    last: Counter[Kind] = Counter({"report": 1}) if simulate else Counter()
    return [*steps, PlannedStep("the report", last)]


def _step_of_line(line: ScriptLine, real: int, imagined: int | None) -> PlannedStep:
    if line.file:
        return PlannedStep(f"writing {line.file}", Counter({"write": 1}))
    if line.give:
        return PlannedStep(f"giving {line.give}", Counter())
    pieces: Counter[Kind] = Counter({"trunk": 1, "seed": real} if line.runs else {"command": 1})
    if imagined is not None:
        pieces += Counter({"sample": imagined + 1} if line.runs else {"answer": 1})
    return PlannedStep(line.type or "", pieces)


class RunPlan:
    """Keeps track of how much of a plan is finished, and divides the elapsed time among the running pieces of work.

    If two pieces run in parallel, each is charged half of the time. This way, the remaining times of all pieces can
    be added up.
    """

    def __init__(self, steps: Sequence[PlannedStep], slowdown: float = 1.0) -> None:
        """Start before the first step. `slowdown` says how many times longer work is expected to take; it is used
        until the slowdown of this run is measured.
        """
        self.steps = list(steps)
        self._slowdown = slowdown
        self.at = 0
        self._active: dict[tuple[str, str], tuple[Kind, float]] = {}
        self._durations: defaultdict[Kind, list[float]] = defaultdict(list)
        self._last_time = time.monotonic()

    def begin(self, node: str, who: str) -> None:
        """Record that `who`, such as `seed 3`, has started work in a node of the graph."""
        self._distribute_time()
        # its questions are asked one after another, so a new one ends the work on the previous one
        for worker in ("real", who) if node == "persona" else ():
            if (node, worker) in self._active:
                self._record_end(node, worker)
        self._active[node, who] = (self._kind(node, who), 0.0)

    def begin_answer(self, node: str, who: str) -> None:
        """Record that a model has read the question of `who` and begins to answer."""
        self._distribute_time()
        # the reading is not counted: all samples of a program answer one question, which a model reads slowly only
        # once
        if (node, who) in self._active and self._active[node, who][0] == "sample":
            self._active[node, who] = ("sample", 0.0)

    def end(self, node: str, who: str | None = None) -> None:
        """Record that work of a node has ended: the work of `who`, or all work if `who` is None."""
        self._distribute_time()
        for key in [key for key in self._active if key[0] == node and who in (None, key[1])]:
            self._record_end(*key)

    def advance(self) -> None:
        """Finish the current step. What was planned for it but never started is dropped."""
        self.at = min(self.at + 1, len(self.steps))

    def try_again(self) -> None:
        """Plan more work, because a program failed and will be written and run again."""
        if self.at < len(self.steps):
            planned = self.steps[self.at].pieces
            # one more sample, too, because the failed version is imagined
            extra_kinds: tuple[Kind, ...] = ("trunk", "sample")
            planned += Counter(["write", *(kind for kind in extra_kinds if planned[kind])])

    @property
    def runs_a_program(self) -> bool:
        return self.at < len(self.steps) and "trunk" in self.steps[self.at].pieces

    @property
    def writes_a_program(self) -> bool:
        """True if the current step writes a program."""
        return self.at < len(self.steps) and set(self.steps[self.at].pieces) == {"write"}

    def seconds_left(self) -> float:
        """Estimate the remaining time in seconds, from the time that work of each kind took so far."""
        self._distribute_time()
        remaining: Counter[Kind] = Counter()
        for step in self.steps[self.at :]:
            remaining += step.remaining
        running_seconds = sum(min(spent, 0.9 * self._expected_seconds(kind)) for kind, spent in self._active.values())
        return max(
            0.0, sum(self._expected_seconds(kind) * count for kind, count in remaining.items()) - running_seconds
        )

    def describe(self) -> str:
        """Describe the progress, as in `step 3 of 5, about 2 min left in all: python3 train.py, 4 of 12 done`."""
        # the most important part comes first, because a narrow terminal cuts off the end
        if self.at >= len(self.steps):
            return "comparing, and writing the report"
        step = self.steps[self.at]
        total, done = step.pieces.total(), min(step.done.total(), step.pieces.total())
        pieces = f", {done} of {total} done" if total > 1 else ""
        note = "" if any(self._durations.values()) else " (a first guess)"
        name = " ".join(step.name.split())[:40]
        time_left = format_seconds(self.seconds_left())
        return f"step {self.at + 1} of {len(self.steps)}, about {time_left} left in all{note}: {name}{pieces}"

    def _kind(self, node: str, who: str) -> Kind:
        runs_program = self.runs_a_program
        kinds: dict[str, Kind] = {
            "persona": self._boot_kind() if who == "imagined" else "fact",
            "write": "write",
            "execute": "trunk" if runs_program else "command",
            "replicate": "seed",
            "simulate": "sample" if runs_program else "answer",
        }
        return kinds.get(node, "report")

    def _boot_kind(self) -> Kind:
        """Return the kind of the boot question that is being asked. The first question asks for a table, which takes
        far longer.
        """
        return "boot answer" if self._durations["boot table"] else "boot table"

    def _record_end(self, node: str, who: str) -> None:
        kind, spent = self._active.pop((node, who))
        self._durations[kind].append(spent)
        if self.at < len(self.steps):
            self.steps[self.at].done[kind] += 1

    def _distribute_time(self) -> None:
        now = time.monotonic()
        share = (now - self._last_time) / max(1, len(self._active))
        self._last_time = now
        self._active = {key: (kind, spent + share) for key, (kind, spent) in self._active.items()}

    def _expected_seconds(self, kind: Kind) -> float:
        """Return the expected seconds of one piece of work. They are never less than the time that a running piece of
        this kind has already taken.
        """
        durations = self._durations[kind] or self._durations[_SIMILAR_KINDS.get(kind, kind)]
        average = (
            sum(durations) / len(durations)
            if durations
            else FIRST_GUESS[kind] * self._slowdown_of(kind in _MODEL_KINDS)
        )
        return max([average, *(spent for active_kind, spent in self._active.values() if active_kind == kind)])

    def _slowdown_of(self, by_model: bool) -> float:
        """Return how many times longer than FIRST_GUESS work takes, for work of the model (`by_model`) or of the real
        machine.
        """
        measured = [(kind, spent) for kind, durations in self._durations.items() for spent in durations]
        measured += [(kind, spent) for kind, spent in self._active.values() if spent > FIRST_GUESS[kind]]
        # a slow computer slows down both, so the ratio of all work also counts, with a small weight
        overall = _ratio(measured, self._slowdown)
        return _ratio([(kind, spent) for kind, spent in measured if (kind in _MODEL_KINDS) == by_model], overall)


def _ratio(measured: Sequence[tuple[Kind, float]], prior: float) -> float:
    """Return the measured seconds divided by the guessed ones. `prior` is the ratio to assume while little has been
    measured.
    """
    actual = sum(spent for _kind, spent in measured)
    guessed = sum(FIRST_GUESS[kind] for kind, _spent in measured)
    return (actual + _GUESS_WEIGHT * prior) / (guessed + _GUESS_WEIGHT)


def update_plan(plan: RunPlan, node: str, update: Mapping[str, Any]) -> None:
    """Update the plan with the result of a node of the graph."""
    workers = [f"sample {run.sample}" if run.imagined else f"seed {run.seed}" for run in update.get("executions", [])]
    for who in workers if node in ("replicate", "simulate") else [None]:
        plan.end(node, who)
    has_failed = any(program.works is False and not program.given for program in update.get("programs", []))
    if has_failed and update.get("failure"):
        plan.try_again()
    elif node in ("persona", "give", "compare", "report") or (node == "write" and plan.writes_a_program):
        plan.advance()


def format_seconds(seconds: float) -> str:
    """Format an estimate, for example `40 s`, `3 min`, `1 h 20 min`; long times are rounded more than short ones."""
    # rounded to minutes, 91 s would be 2 min, which is a third more
    if seconds < 120:
        return f"{max(5, 5 * round(seconds / 5))} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60} min"
