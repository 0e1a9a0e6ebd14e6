"""Positive controls: with the sandbox as a tool, a model must be judged to compute; with neighbours shown, to
imitate.

The model is given real outputs, which no imagined machine may see (fairness rule 2). So a control is a separate
model, whose name says in every result what it is given; it runs through the same graph as any other.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage, ToolCall, ToolMessage

from gedanken.agents.players.bank import Entry
from gedanken.agents.players.chat import BankChat
from gedanken.agents.players.predictors import nearest_to, pieces

Gives = Literal["tool", "neighbours"]
CALL_TOKENS = 400
"""Token limit of a tool call, which contains a whole program as a JSON string."""
_HERE = Path(__file__).parent


def words(name: str) -> str:
    """Return the prompt of a control."""
    return (_HERE / f"control_{name}.txt").read_text(encoding="utf-8").strip()


class Controlled(BankChat):
    """A chat model that is given more than the question."""

    inner: Any
    """The chat model itself."""
    kept: Any = None
    """Path of a file to which everything that the model was given is appended as a line of JSON; None stores
    nothing.
    """

    @property
    def _llm_type(self) -> str:
        return "controlled"

    def _chat(self, **changed: object) -> Any:
        names = ("seed", "temperature", "top_p", "max_tokens")
        settings = {name: getattr(self, name) for name in names if name in type(self.inner).model_fields}
        return self.inner.model_copy(update={**settings, **changed})

    def _keep(self, entry: Entry | None, **given: str) -> None:
        if self.kept is not None:
            line = {"item": entry.item.id if entry else None, **given}
            with self.kept.open("a", encoding="utf-8") as file:
                file.write(json.dumps(line, ensure_ascii=False) + "\n")


class GivenNeighbours(Controlled):
    """Shows the model the most similar program together with its real output, whatever it is asked: also for a
    question that is not in the bank, such as one about a state in the middle, or it would answer that one by itself.
    """

    def reply(self, messages: list[BaseMessage], entry: Entry | None) -> str:
        """Return the reply; see BankChat."""
        near = nearest_to(entry.item.program if entry else messages[-1].text, self.bank, pieces)[0]
        seen = words("neighbours").format(program=near.item.program.strip(), printed=near.truth.strip())
        said = str(self._chat().invoke([*messages[:-1], HumanMessage(f"{seen}\n{messages[-1].text}")]).text)
        self._keep(entry, near=near.item.id, printed=near.truth, said=said)
        return said


class GivenTool(Controlled):
    """Gives the model a tool that really runs the command that the model sends, once, before it answers.

    A grammar makes its first reply a call; what stands in it is the model's own. The server's `tool_choice` does not:
    this model writes its calls as plain JSON, which the server does not take for calls. After the result it is told
    once more to copy it: without that, this model rewrote four outputs of twenty-three.
    """

    really_run: Callable[[str], str]

    def reply(self, messages: list[BaseMessage], entry: Entry | None) -> str:
        """Return the reply; see BankChat."""
        told = [SystemMessage(f"{messages[0].text.strip()}\n{words('tool')}"), *messages[1:]]
        called = str(self._chat(max_tokens=CALL_TOKENS).bind(response_format=_ONE_CALL).invoke(told).text)
        sent = _commands(called)
        printed = self.really_run(sent)
        call = ToolCall(name=_NAME, args={"commands": sent}, id="1")
        result = ToolMessage(printed, tool_call_id="1")
        answered = [*told, AIMessage("", tool_calls=[call]), result, HumanMessage(words("reminder"))]
        said = str(self._chat().invoke(answered).text)
        self._keep(entry, sent=sent, printed=printed, said=said)
        return said


def _commands(called: str) -> str:
    """Return the command in a call; empty if the call was cut."""
    try:
        return str(json.loads(called)["arguments"]["commands"])
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
