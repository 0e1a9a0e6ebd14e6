"""The context that the graph's nodes share; the only module that opens models and machines for it."""

import time
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace

from gedanken.agents.imagined_machine import ImaginedMachine
from gedanken.agents.model import Model
from gedanken.agents.prices import price_of
from gedanken.agents.session import Session
from gedanken.analysis.analyze import ComparisonCache
from gedanken.experiment.blocking import off_loop
from gedanken.experiment.budget import Price
from gedanken.experiment.errors import BadInput, BudgetSpent, Interrupted
from gedanken.experiment.execution import RealMachine
from gedanken.experiment.persona import MachineFacts, Persona
from gedanken.experiment.progress import Progress
from gedanken.experiment.run_log import DONE, NO_WORKING_PROGRAM, ModelFacts, Opened, RunLog
from gedanken.experiment.run_spec import RunSpec
from gedanken.experiment.script import Experiment
from gedanken.machines.open_machine import open_real_machine
from gedanken.prompts import digest_of
from gedanken.records.budget_meter import RunMeter
from gedanken.records.kept_failures import (
    answered_places,
    continues_session,
    failures_of,
    is_line_settled,
    place_of_line,
)
from gedanken.records.kept_machine import keep_executions, replay_machine
from gedanken.records.kept_model import KeptModel, keep_replies, replay_earlier_models, replay_model
from gedanken.records.ledger import LEDGER, Ledger
from gedanken.records.run_store import RunStore
from gedanken.sandbox.cores import Cores


@dataclass(frozen=True)
class Context:
    """The model, the real machine, the store and the spec of a run."""

    spec: RunSpec
    machine_facts: MachineFacts
    model: Model
    machine: RealMachine
    store: RunStore
    compared: ComparisonCache
    meter: RunMeter | None = None
    """Counts what the run uses of its budget; None in a replay, which uses nothing."""
    cores: Cores = field(default_factory=Cores)
    began: float = field(default_factory=time.monotonic)
    """Time at which this process began to work on the run, by the monotonic clock."""
    earlier: Mapping[str, Model] = field(default_factory=dict)
    """The other models that earlier parts of the script used, by name."""
    ledger: Ledger | None = None
    """The ledger, which stores all replies and results that were paid for; None if nothing is stored."""
    answered: frozenset[str] = frozenset()
    """Identifies the questions to which earlier processes requested replies, by their places in sessions; see
    `Ledger.mark_answered`.
    """

    @property
    def experiment(self) -> Experiment:
        return self.spec.experiment

    def model_at(self, line: int) -> Model:
        """Return the model that is used for a script line, counted from 0; -1 means before the first line."""
        return self.earlier.get(self.spec.model_at(line).name, self.model)

    def persona_at(self, line: int) -> Persona:
        """Return the persona that the model plays at a script line. If `conditions.claims` is False, it has no
        deliberately false facts.
        """
        return self.spec.played_at(line)

    def in_session(self, model: Model, place: str | None, *, is_settled: bool) -> Model:
        """Return the model for one question of a session.

        `place` names the question in the ledger; None if its messages contain no earlier replies. If `is_settled` is
        True, a stored failure is kept and not requested again, because the ledger has replies that came later.
        """
        if not isinstance(model, KeptModel):
            return model
        note = self._add_note_once if is_settled else model.note
        return replace(model, place=place, is_settled=is_settled, note=note)

    def finish(self, outcome: str) -> None:
        """Record how the run ended, and which failed replies are kept."""
        for message in failures_of(self.store.log).notes if outcome in (DONE, NO_WORKING_PROGRAM) else ():
            self._add_note_once(message)
        self.store.finish(outcome)

    def _add_note_once(self, message: str) -> None:
        if message not in self.store.log.notes:
            self.store.note(message)

    def stop_starting(self) -> None:
        """Let running requests and executions finish, and start no new ones. Those that wait to start raise
        Interrupted.
        """
        if self.meter is not None:
            self.meter.stop_starting()
            self.model.pace.stop(Interrupted(self.store.folder))

    def check_may_start(self) -> None:
        """Raise Interrupted if `stop_starting` was called before."""
        if self.meter is not None:
            self.meter.check_may_start()

    def budget_error(self) -> BudgetSpent | None:
        """Return an error that names the used-up budget limit; None if there is none."""
        return self.meter.budget_error() if self.meter else None

    def imagined_machine(self, session: Session, sample: int, line: int) -> ImaginedMachine:
        """Return the imagined machine that continues `session` at a script line."""
        conditions = self.experiment.conditions
        return ImaginedMachine(
            self.model_at(line),
            self.persona_at(line),
            self.machine_facts,
            self.experiment.limits,
            session,
            sample,
            conditions.temperature,
            conditions.steps,
        )

    def machine_in_script(self, session: Session, sample: int, line: int, program: str | None) -> ImaginedMachine:
        """Return the imagined machine that answers a script line as a part of the script's session.

        `program` is the label of the program version that the line runs.
        """
        machine = self.imagined_machine(session, sample, line)
        place = place_of_line(line) if continues_session(program, self.experiment.conditions) else None
        is_settled = sample == 0 and is_line_settled(line, self.answered)
        machine.model = self.in_session(self.model_at(line), place, is_settled=is_settled)
        return machine


@asynccontextmanager
async def open_context(
    spec: RunSpec, store: RunStore, run_id: str, progress: Progress, compared: ComparisonCache
) -> AsyncIterator[Context]:
    """Open the real machine and the model of a run, and record in the store which ones they are.

    `run_id` names the run to the sandbox engine; `compared` caches comparisons. Replies and results that are in the
    ledger are not paid for again. Raises BadInput, NoSandbox or NoModel.
    """
    from gedanken.agents.registry import open_model

    experiment, ledger = spec.experiment, await off_loop(_ledger_of, store)
    answered = await off_loop(ledger.answered_places) | answered_places(store.log)
    artifacts_folder = store.folder / "artifacts"
    async with AsyncExitStack() as stack:
        price = price_of(spec.model)
        meter = RunMeter(store, price)
        with store.work("opening", "the real machine"):
            opening_machine = open_real_machine(
                experiment.dataset,
                experiment.limits,
                progress,
                spec.sandbox,
                run_id=run_id,
                run=store.run,
                artifacts=artifacts_folder,
                keeps=lambda: store.can_resume,
            )
            machine, dataset = await stack.enter_async_context(opening_machine)
            await off_loop(machine.session.name_folder, store.folder)
            kept_machine = await off_loop(keep_executions, machine, ledger, progress.say, store.note, meter.execution)
        with store.work("opening", "the model"):
            model = await stack.enter_async_context(open_model(spec.model, progress))
            kept_model = await off_loop(keep_replies, model, ledger, store.note, meter, _prompts_of(spec))
            earlier = await off_loop(replay_earlier_models, ledger, spec)
        machine_facts = store.log.machine_facts
        if machine_facts is None:
            with store.work("opening", "measuring the real machine"):
                machine_facts = await machine.measure(dataset)
            store.record_machine(
                Opened(machine=machine_facts, dataset=str(dataset), facts=spec.played.resolve(machine_facts))
            )
        meter.gpus = machine.gpus.gpus_per_program(machine_facts.gpus.count)
        store.record_model(model_facts(model, price))
        context = Context(
            spec,
            machine_facts,
            kept_model,
            kept_machine,
            store,
            compared,
            meter,
            earlier=earlier,
            ledger=ledger,
            answered=answered,
        )
        try:
            yield context
        finally:
            store.record_model(model_facts(model, price))


def _prompts_of(spec: RunSpec) -> str:
    return digest_of("terminal", "coder" if spec.probe is None else "probe")


def _ledger_of(store: RunStore) -> Ledger:
    """Open the ledger of a run. Raises BadInput if it is missing although there are results."""
    if store.can_resume and not (store.folder / LEDGER).is_dir():
        raise BadInput(
            f"{store.folder / LEDGER} is missing; without it, a resumed run would pay for all its finished work "
            "again. Start a new run instead (`gedanken report` still shows this one)"
        )
    return Ledger(store.folder, note=store.note)


def replay_context(spec: RunSpec, store: RunStore, source: RunLog, compared: ComparisonCache) -> Context:
    """Return the context in which the run `source` is replayed into `store`.

    All replies and results are taken from the ledger of `source`. Raises BadInput if `source` stopped before its
    real machine was opened.
    """
    if source.machine_facts is None or source.setup is None or source.folder is None:
        raise BadInput(
            f"{source.folder}: this run stopped before anything was executed, so there is nothing to replay"
        )
    ledger = Ledger(source.folder, writes=False)
    model = replay_model(ledger, spec.model.parallel, prompts=_prompts_of(spec))
    machine_facts = source.machine_facts
    store.record_machine(
        Opened(machine=machine_facts, dataset=source.setup.dataset, facts=spec.played.resolve(machine_facts))
    )
    store.record_earlier_models(source.setup.earlier)
    if source.setup.model is not None:
        store.record_model(source.setup.model)
    store.copy_decisions(source)
    earlier = replay_earlier_models(ledger, spec)
    return Context(spec, machine_facts, model, replay_machine(ledger), store, compared, earlier=earlier)


def model_facts(model: Model, price: Price | None) -> ModelFacts:
    """Return what is known about the model so far."""
    return ModelFacts.model_validate({**model.describe(), "coder_prompt": model.coder_prompt, "price": price})


def store_learned_facts(context: Context) -> None:
    """Record which settings the model refuses, and whether it writes reasoning before it answers."""
    stored_facts, model = context.store.model, context.model
    if stored_facts is None:
        return
    refused_settings = tuple(sorted({*stored_facts.not_taken, *model.not_taken()}))
    does_reason = stored_facts.reasons_by_itself or model.learned.reasons
    context.store.record_model(
        stored_facts.model_copy(update={"not_taken": refused_settings, "reasons_by_itself": does_reason})
    )
