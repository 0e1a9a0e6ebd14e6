"""Drops and rebuilds the context of the imagined machine, and compares what the machine knows before and after."""

from typing import TYPE_CHECKING

from gedanken.experiment.counts import format_count
from gedanken.experiment.errors import BadInput
from gedanken.shell.context import knows_all
from gedanken.shell.session import RememberedAnswers, ShellSession
from gedanken.shell.waiting import WaitingLine

if TYPE_CHECKING:
    from gedanken.agents.imagined_machine import ImaginedMachine
    from gedanken.agents.session import Policy
    from gedanken.experiment.execution import Execution


async def lose_context(session: ShellSession) -> None:
    """Drop the context of the imagined machine, after asking the machine what it knows (`_remember`).

    Raises BadInput if there is no context, and NoModel if the model is lost.
    """
    machine = session.terminals.imagined_or_fail()
    if not machine.session.context:
        raise BadInput("there is no context to lose: type a command first")
    await _remember(session, machine)
    machine.empty_context()
    session.terminals.save_session()
    session.view.show_note(
        f"the context is lost; stored for :rebuild: {format_count(len(machine.session.stored), 'turn')}"
    )


async def rebuild_context(session: ShellSession, policy: "Policy") -> None:
    """Drop the context if that has not been done yet, rebuild it as `policy` says, and report which answers the loss
    changed.

    There is no report if a changed answer might have another cause. Raises BadInput if nothing was typed yet, and
    NoModel if the model is lost.
    """
    from gedanken.agents.imagined_machine import REBUILD_COMMAND
    from gedanken.compare.commands.memory import compare_memory
    from gedanken.probing.questions import print_memory

    machine, view = session.terminals.imagined_or_fail(), session.view
    stored = len(machine.session.stored)
    if not stored:
        raise BadInput("nothing was typed yet, so there is nothing to rebuild")
    if session.remembered is None or session.remembered.stored != stored:
        await _remember(session, machine)
    remembered = session.remembered
    machine.empty_context()
    session.terminals.save_session()
    view.show_note(f"rebuilding: {policy}")
    with WaitingLine(session.terminals.screen.console, ["imagined"]) as waiting:
        answer = await machine.rebuild(policy, lambda text: waiting.count_output("imagined", text))
    session.terminals.save_session()
    if answer:
        view.show_message(f"{REBUILD_COMMAND} was answered with:")
        view.show_text(answer.stdout)
        view.end_line()
        view.show_remarks(answer)
    if remembered is None:
        view.show_note("rebuilt; there are no answers from before the loss to compare with")
        return
    after = await _ask(session, machine)
    print_memory(compare_memory(remembered.before, remembered.control, after), view.console)
    session.remembered = None


async def _remember(session: ShellSession, machine: "ImaginedMachine") -> None:
    """Ask the machine twice what it knows, and store the answers. Do nothing if the model is no longer sent the whole
    session.
    """
    session.remembered = None
    if knows_all(machine.session):
        session.view.show_note("before the loss, the machine is asked twice what it knows")
        # twice: if the answer changes even without a loss, a later change proves nothing
        before, control = await _ask(session, machine), await _ask(session, machine)
        session.remembered = RememberedAnswers(before, control, len(machine.session.stored))


async def _ask(session: ShellSession, machine: "ImaginedMachine") -> "tuple[Execution, ...]":
    from gedanken.probing.questions import ask_memory

    return await ask_memory(machine, lambda question: session.view.show_note(f"asks: {question}"))
