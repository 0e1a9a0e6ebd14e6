"""A reference player as a chat model: it answers the probe item that a message asks about."""

from typing import Any

from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatResult

from gedanken.agents.players.bank import Bank, Entry
from gedanken.agents.players.player import Player

OUTPUT_MARK = "OUTPUT:"
"""The text that separates working steps from the output.

Working steps are allowed if the system message contains it.
"""


class BankChat(BaseChatModel):
    """A chat model that answers questions about the programs of a bank."""

    bank: Any
    """A Bank, declared as Any because pydantic would copy it."""
    seed: int = 0
    temperature: float = 1.0
    top_p: float = 1.0
    max_tokens: int = 1024

    def reply(self, messages: list[BaseMessage], entry: Entry | None) -> str:
        """Return the reply to messages that ask about the program of `entry`.

        `entry` is None if the messages ask about a program that is not in the bank.
        """
        raise NotImplementedError

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,  # noqa: ARG002
        run_manager: CallbackManagerForLLMRun | None = None,  # noqa: ARG002
        **_kwargs: Any,
    ) -> ChatResult:
        bank: Bank = self.bank
        text = self.reply(messages, bank.find_asked([message.text for message in messages]))
        message = AIMessage(text, response_metadata={"finish_reason": "stop"})
        return ChatResult(generations=[ChatGeneration(message=message)])


class PlayerChat(BankChat):
    """A chat model that answers with its player's prediction; for an unknown program, with an empty output."""

    player: Player

    @property
    def _llm_type(self) -> str:
        return "player"

    def reply(self, messages: list[BaseMessage], entry: Entry | None) -> str:
        """Return the reply; see `BankChat.reply`."""
        output = self.player.answer(entry, self.bank, self.seed) if entry else ""
        system = messages[0].text if messages and messages[0].type == "system" else ""
        return f"It is worked out.\n{OUTPUT_MARK}\n{output}" if OUTPUT_MARK in system else output
