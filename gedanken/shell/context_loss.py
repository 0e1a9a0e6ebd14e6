"""A lost context: what the imagined machine knew before, how it is rebuilt, and what it knows then."""

from typing import TYPE_CHECKING

from gedanken.experiment.counts import many
from gedanken.experiment.errors import BadInput
from gedanken.shell.context import knows_all
from gedanken.shell.session import Known, ShellSession
from gedanken.shell.waiting import Waiting

if TYPE_CHECKING:
    from gedanken.agents.imagined import ImaginedMachine
    from gedanken.agents.session import Policy
    from gedanken.experiment.execution import Execution


async def lose(session: ShellSession) -> None:
    """Drop the context, after the machine was asked what it should know. Raises BadInput or NoModel."""
    machine = session.terminals.imagined_or_fail()
    if not machine.session.context:
        raise BadInput("there is no context to lose")
    await _remember(session, machine)
    machine.lose()
    session.terminals.keep()
    session.view.remark(f"the context is lost; stored for :rebuild: {many(len(machine.session.stored), 'turn')}")


async def rebuild(session: ShellSession, policy: "Policy") -> None:
    """Lose the context, if that was not done yet; rebuild it, and report what the loss did.

    Raises BadInput or NoModel. There is a report only where all that is stored was before the machine when it was
    asked, and nothing was typed since: else the loss would be blamed for what it did not do.
    """
    from gedanken.agents.imagined import REBUILD
    from gedanken.compare.commands.memory import compare_memory
    from gedanken.probing.questions import print_memory

    machine, face = session.terminals.imagined_or_fail(), session.view
    stored = len(machine.session.stored)
    if not stored:
        raise BadInput("nothing was typed yet, and there is nothing to rebuild")
    if session.remembered is None or session.remembered.stored != stored:
        await _remember(session, machine)
    known = session.remembered
    machine.lose()
    session.terminals.keep()
    face.remark(f"rebuilding: {policy}")
    with Waiting(session.terminals.screen.console, ["imagined"]) as waiting:
        answer = await machine.rebuild(policy, lambda text: waiting.hear("imagined", text))
    session.terminals.keep()
    if answer:
        face.tell(f"{REBUILD} was answered with:")
        face.text(answer.stdout)
        face.end_line()
        face.about(answer)
    if known is None:
        face.remark("rebuilt; there are no answers from before the loss to compare with")
        return
    after = await _ask(session, machine)
    print_memory(compare_memory(known.before, known.control, after), face.console)
    session.remembered = None


async def _remember(session: ShellSession, machine: "ImaginedMachine") -> None:
    """Ask the machine what it should know, twice: what changes without a loss is no fault of one."""
    session.remembered = None
    if knows_all(machine.session):
        session.view.remark("what it knows, asked twice before the loss")
        before, control = await _ask(session, machine), await _ask(session, machine)
        session.remembered = Known(before, control, len(machine.session.stored))


async def _ask(session: ShellSession, machine: "ImaginedMachine") -> "tuple[Execution, ...]":
    from gedanken.probing.questions import ask_memory

    return await ask_memory(machine, lambda question: session.view.remark(f"asks: {question}"))
