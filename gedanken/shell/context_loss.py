"""A lost context: what the imagined machine knew before, how it is rebuilt, and what it knows then."""

from typing import TYPE_CHECKING

from gedanken.experiment.errors import BadInput
from gedanken.shell.context import knows_all
from gedanken.shell.session import Known, Sitting, turns
from gedanken.shell.waiting import Waiting

if TYPE_CHECKING:
    from gedanken.agents.imagined import ImaginedMachine
    from gedanken.agents.session import Policy
    from gedanken.experiment.execution import Execution


async def lose(sitting: Sitting) -> None:
    """Drop the context, after the machine was asked what it should know. Raises BadInput or NoModel."""
    machine = sitting.terminals.imagined_or_fail()
    if not machine.session.context:
        raise BadInput("there is no context to lose")
    await _remember(sitting, machine)
    machine.lose()
    sitting.terminals.keep()
    sitting.face.remark(f"the context is lost; stored for :rebuild: {turns(len(machine.session.stored))}")


async def rebuild(sitting: Sitting, policy: "Policy") -> None:
    """Lose the context, if that was not done yet; rebuild it, and report what the loss did.

    Raises BadInput or NoModel. There is a report only where all that is stored was before the machine when it was
    asked, and nothing was typed since: else the loss would be blamed for what it did not do.
    """
    from gedanken.agents.imagined import REBUILD
    from gedanken.compare.commands.memory import compare_memory
    from gedanken.probing.questions import print_memory

    machine, face = sitting.terminals.imagined_or_fail(), sitting.face
    stored = len(machine.session.stored)
    if not stored:
        raise BadInput("nothing was typed yet, and there is nothing to rebuild")
    if sitting.remembered is None or sitting.remembered.stored != stored:
        await _remember(sitting, machine)
    known = sitting.remembered
    machine.lose()
    sitting.terminals.keep()
    face.remark(f"rebuilding: {policy}")
    with Waiting(sitting.terminals.screen.console, ["imagined"]) as waiting:
        answer = await machine.rebuild(policy, lambda text: waiting.hear("imagined", text))
    sitting.terminals.keep()
    if answer:
        face.tell(f"{REBUILD} was answered with:")
        face.text(answer.stdout)
        face.end_line()
        face.about(answer)
    if known is None:
        face.remark("rebuilt; there are no answers from before the loss to compare with")
        return
    after = await _ask(sitting, machine)
    print_memory(compare_memory(known.before, known.control, after), face.console)
    sitting.remembered = None


async def _remember(sitting: Sitting, machine: "ImaginedMachine") -> None:
    """Ask the machine what it should know, twice: what changes without a loss is no fault of one."""
    sitting.remembered = None
    if knows_all(machine.session):
        sitting.face.remark("what it knows, asked twice before the loss")
        before, control = await _ask(sitting, machine), await _ask(sitting, machine)
        sitting.remembered = Known(before, control, len(machine.session.stored))


async def _ask(sitting: Sitting, machine: "ImaginedMachine") -> "tuple[Execution, ...]":
    from gedanken.probing.questions import ask_memory

    return await ask_memory(machine, lambda question: sitting.face.remark(f"asks: {question}"))
