"""The coder: a conversation in which the model writes programs and fixes them. The imagined machine is not part of
it.
"""

import ast
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from gedanken.agents.messages import Message
from gedanken.agents.model import Model, Reply, Sampling
from gedanken.agents.model_errors import NoReply
from gedanken.experiment.errors import RequestRefused
from gedanken.experiment.execution import UNUSABLE_CAUSES, Execution, OnOutput
from gedanken.experiment.markdown import fence_for
from gedanken.experiment.persona import Dataset
from gedanken.experiment.program import Program
from gedanken.experiment.script import ScriptLine
from gedanken.prompts import render

FIRST_TEMPERATURE = 0.2
RETRY_TEMPERATURE = 0.7
REPLY_TOKENS = {"tell": 4096, "checklist": 1024}
"""Token limit of the coder's reply, by the name of the prompt.

The limit for `checklist` is low because small models, which get this prompt, may not stop by themselves.
"""
TRACEBACK_CHARACTERS = 1200
FIRST_LAYER_WIDTH = 512
"""Width of the first hidden layer that the prompt `checklist` suggests.

Each further layer is half as wide.
"""

_FENCED_BLOCK = re.compile(
    r"^(?P<fence>`{3,}+|~{3,}+)[^\n]*\n(?P<code>.*?)(?:(?P<closed>^(?P=fence))|\Z)", re.DOTALL | re.MULTILINE
)
_TORCHVISION_DATASETS = {
    "MNIST": {"title": "MNIST", "torch_class": "MNIST", "inputs": 784},
    "CIFAR-10": {"title": "CIFAR-10", "torch_class": "CIFAR10", "inputs": 3072},
}


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a version of a program was not accepted, with the end of its output."""

    program: Program
    problems: tuple[str, ...]
    """What is wrong with the program, in sentences that quote nothing from the output of its run."""
    ending: str = ""
    """The end of the run's output, which the coder is shown."""
    refused: bool = False
    """True if the version was never run, because gedanken refused it or a person rejected it."""
    rejected: bool = False
    """True if a person rejected the version before it ran.

    `problems` is then only the reason that the person gave.
    """


@dataclass(frozen=True, slots=True)
class Coder:
    """Writes and fixes one file. Only the coder ever sees a traceback (rule 2 in docs/design.md)."""

    model: Model
    data: Dataset
    on_text: OnOutput | None = None
    first_seed: int = 0
    """Sampling seed of the first try; each further try uses the next number."""

    async def write(
        self,
        line: ScriptLine,
        line_index: int,
        base: Program | None,
        earlier: Sequence[Program],
        failure: Failure | None,
    ) -> Program:
        """Ask the model for the next version of a file.

        `line_index` is the index of `line` in the script. `base` is the version that an edit starts from; None if
        `line` is not an edit. `earlier` are all versions so far. `failure` says why the last version was not
        accepted; None on the first try.

        After a failure, the model either fixes its program or writes a new one. If the reply has no complete program,
        the version has `works=False` and must not be run. Raises NoModel, or RequestRefused if the server refuses
        this request for good.
        """
        assert line.file is not None
        tries = sum(1 for program in earlier if program.line == line_index)
        rejected = failure is not None and failure.rejected
        # Each try of an edit starts from `base`: the effect of one single edit is to be determined.
        is_repair = failure is not None and (rejected or not (line.edit or failure.refused))
        messages, prompt = self.first_messages(line, base)
        if is_repair and failure is not None:
            messages += [
                Message("assistant", _fenced(failure.program.source)),
                Message("user", self._render_repair(line.file, failure)),
            ]
            prompt = "rejected" if rejected else "repair"
        is_conservative = tries == 0 or (is_repair and not rejected)
        sampling = Sampling(
            seed=self.first_seed + tries,
            max_tokens=REPLY_TOKENS[self.model.coder_prompt],
            temperature=FIRST_TEMPERATURE if is_conservative else RETRY_TEMPERATURE,
        )
        try:
            reply = await self.model.reply(messages, sampling, role="coder", on_text=self.on_text)
        except NoReply as error:
            if error.may_pass:
                raise
            raise RequestRefused(str(error), line_index + 1) from error
        problem = why_no_program(reply)
        return Program(
            name=line.file,
            version=1 + sum(1 for program in earlier if program.name == line.file),
            source=extract_code(reply.text),
            told=line.tell or "",
            prompt=prompt,
            seed=self.first_seed + tries,
            line=line_index,
            works=False if problem else None,
            problems=(problem,) if problem else (),
            base=base.label if base else failure.program.label if is_repair and failure else None,
        )

    def first_messages(self, line: ScriptLine, base: Program | None) -> tuple[list[Message], str]:
        """Return the first messages to the coder, and the name of their prompt: `edit`, `tell` or `checklist`."""
        if line.edit and base is not None:
            system = render("coder-edit-system", file=line.file)
            user_prompt = render(
                "coder-edit", file=line.file, source=base.source.rstrip(), tell=_strip_full_stop(line.tell)
            )
            return [Message("system", system), Message("user", user_prompt)], "edit"
        assert line.task is not None
        prompt = self.model.coder_prompt
        if prompt == "checklist":
            data = _TORCHVISION_DATASETS[self.data.name]
            hidden = [f"H{number}" for number in range(1, line.task.layers)]
            sizes = [str(data["inputs"]), *hidden, "10"]
            layers = ", nn.ReLU(), ".join(f"nn.Linear({a}, {b})" for a, b in pairwise(sizes))
            user_prompt = render(
                "coder-checklist",
                file=line.file,
                task=line.task,
                data=data,
                layers=layers,
                widths=", ".join(hidden),
                sizes=", ".join(str(FIRST_LAYER_WIDTH >> number) for number in range(len(hidden))),
            )
        else:
            user_prompt = render("coder-tell", tell=line.tell, file=line.file, task=line.task)
        return [Message("system", render("coder-system")), Message("user", user_prompt)], prompt

    @staticmethod
    def _render_repair(file_name: str, failure: Failure) -> str:
        if failure.rejected:
            return render("coder-rejected", file=file_name, reason=failure.problems[0])
        ending = failure.ending
        return render(
            "coder-repair", file=file_name, problems=failure.problems, traceback=ending, fence=fence_for(ending)
        )


def visible_ending(execution: Execution) -> str:
    """Return the text that the coder is shown: the end of the output if the program failed, otherwise an empty
    text.
    """
    return execution.terminal[-TRACEBACK_CHARACTERS:].strip() if execution.exit_code else ""


def extract_code(reply: str) -> str:
    """Extract the program from a reply: the longest fenced block or, if there is none, the whole reply.

    A block without a closing fence counts, too.
    """
    blocks = [match["code"] for match in _FENCED_BLOCK.finditer(reply)]
    code = max(blocks, key=len) if blocks else reply
    return code.strip("\n") + "\n"


def why_no_program(reply: Reply) -> str | None:
    """Return why a reply contains no complete program; None if it contains one."""
    reasoning_note = f"; before it, the model reasoned ({reply.reasoned})" if reply.reasoned else ""
    if reply.end.cause in UNUSABLE_CAUSES:
        return f"the reply contains no program: {reply.end.describe()}{reasoning_note}"
    if not reply.text.strip():
        return f"the reply is empty{reasoning_note}"
    longest = max(_FENCED_BLOCK.finditer(reply.text), key=lambda match: len(match["code"]), default=None)
    if reply.cut and not (longest and longest["closed"]):
        return f"the reply was cut before the program was complete{reasoning_note}"
    return None


def same_program(source: str, other_source: str) -> bool:
    """Return whether two sources are the same program. Comments and layout are ignored if both sources can be
    parsed.
    """
    try:
        return ast.dump(ast.parse(source)) == ast.dump(ast.parse(other_source))
    except (SyntaxError, ValueError, RecursionError, MemoryError):  # the last two come from absurdly deep nesting
        return source.strip() == other_source.strip()


def _strip_full_stop(tell: str | None) -> str:
    return (tell or "").strip().rstrip(".")


def _fenced(source: str) -> str:
    fence = fence_for(source)
    return f"{fence}python\n{source.rstrip()}\n{fence}"
