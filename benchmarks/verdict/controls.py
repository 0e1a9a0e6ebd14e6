"""Positive controls: one model that can use the sandbox, and one that is shown similar programs.

The verdict must be that the first computes and the second imitates. Both are given real outputs, which an imagined
machine must never see (fairness rule 2). A control is therefore a separate model, and in every result its name says
what it was given. It runs through the same graph as any other model.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage, ToolCall, ToolMessage

from gedanken.agents.players.bank import Entry
from gedanken.agents.players.chat import BankChat
from gedanken.agents.players.predictors import five_grams, nearest_to

Gives = Literal["tool", "neighbours"]
CALL_TOKENS = 400
"""Token limit of a tool call, which contains a whole program as a JSON string."""
_HERE = Path(__file__).parent


def read_prompt(name: str) -> str:
    """Return the text of `control_<name>.txt`, such as `tool` or `neighbours`."""
    return (_HERE / f"control_{name}.txt").read_text(encoding="utf-8").strip()


class Controlled(BankChat):
    """A chat model that is given more than the question: a tool, or a neighbour's output."""

    inner: Any
    """The chat model that answers."""
    kept: Any = None
    """Path of a file that gets one line of JSON for each reply, with all that the model was given; None for no file.
    """

    @property
    def _llm_type(self) -> str:
        return "controlled"

    def _chat(self, **overrides: object) -> Any:
        names = ("seed", "temperature", "top_p", "max_tokens")
        settings = {name: getattr(self, name) for name in names if name in type(self.inner).model_fields}
        return self.inner.model_copy(update={**settings, **overrides})

    def _log(self, entry: Entry | None, **fields: str) -> None:
        if self.kept is not None:
            line = {"item": entry.item.id if entry else None, **fields}
            with self.kept.open("a", encoding="utf-8") as file:
                file.write(json.dumps(line, ensure_ascii=False) + "\n")


class GivenNeighbours(Controlled):
    """Shows the model the most similar program together with its real output, whatever the model is asked.

    This includes questions that are not in the bank, such as those about an intermediate state. Otherwise the model
    would answer these without any help.
    """

    def reply(self, messages: list[BaseMessage], entry: Entry | None) -> str:
        """Return the reply; see BankChat."""
        neighbour = nearest_to(entry.item.program if entry else messages[-1].text, self.bank, five_grams)[0]
        context = read_prompt("neighbours").format(
            program=neighbour.item.program.strip(), printed=neighbour.truth.strip()
        )
        answer = str(self._chat().invoke([*messages[:-1], HumanMessage(f"{context}\n{messages[-1].text}")]).text)
        self._log(entry, near=neighbour.item.id, printed=neighbour.truth, said=answer)
        return answer


class GivenTool(Controlled):
    """Lets the model run commands in the sandbox once before it answers.

    A grammar forces the first reply to be a tool call; the model chooses the commands. The server's `tool_choice`
    does not work: this model writes its calls as plain JSON, which the server does not recognize. After the result,
    the model is reminded to copy it: without the reminder, it rewrote four outputs of twenty-three.
    """

    really_run: Callable[[str], str]

    def reply(self, messages: list[BaseMessage], entry: Entry | None) -> str:
        """Return the reply; see BankChat."""
        request = [SystemMessage(f"{messages[0].text.strip()}\n{read_prompt('tool')}"), *messages[1:]]
        call_text = str(self._chat(max_tokens=CALL_TOKENS).bind(response_format=_ONE_CALL).invoke(request).text)
        commands = _parse_commands(call_text)
        printed = self.really_run(commands)
        call = ToolCall(name=_NAME, args={"commands": commands}, id="1")
        result = ToolMessage(printed, tool_call_id="1")
        conversation = [*request, AIMessage("", tool_calls=[call]), result, HumanMessage(read_prompt("reminder"))]
        answer = str(self._chat().invoke(conversation).text)
        self._log(entry, sent=commands, printed=printed, said=answer)
        return answer


def _parse_commands(call_text: str) -> str:
    """Return the commands in a tool call; an empty string if the call is incomplete."""
    try:
        return str(json.loads(call_text)["arguments"]["commands"])
    except (ValueError, KeyError, TypeError):
        return ""


_NAME = "run_commands"
_ARGUMENTS = {"type": "object", "properties": {"commands": {"type": "string"}}, "required": ["commands"]}
_CALL = {
    "type": "object",
    "properties": {"name": {"const": _NAME}, "arguments": _ARGUMENTS},
    "required": ["name", "arguments"],
}
_ONE_CALL = {"type": "json_schema", "json_schema": {"name": "call", "schema": _CALL}}
