"""A reference player as a chat model: it finds the item that it is asked about, and gives the player's answer."""

from typing import Any

from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatResult

from gedanken.agents.players.bank import Bank
from gedanken.agents.players.player import Player

STEPS = "OUTPUT:"
"""Text before the output if working steps are allowed, which the player recognizes in the request."""


class PlayerChat(BaseChatModel):
    """Answers questions about programs in its bank, and nothing else."""

    player: Player
    bank: Any
    """A Bank, declared as Any because pydantic would copy it."""
    seed: int = 0
    temperature: float = 1.0
    top_p: float = 1.0
    max_tokens: int = 1024

    @property
    def _llm_type(self) -> str:
        return "player"

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,  # noqa: ARG002
        run_manager: CallbackManagerForLLMRun | None = None,  # noqa: ARG002
        **_kwargs: Any,
    ) -> ChatResult:
        bank: Bank = self.bank
        entry = bank.asked([message.text for message in messages])
        said = self.player.answer(entry, bank, self.seed) if entry else ""
        system = messages[0].text if messages and messages[0].type == "system" else ""
        text = f"It is worked out.\n{STEPS}\n{said}" if STEPS in system else said
        message = AIMessage(text, response_metadata={"finish_reason": "stop"})
        return ChatResult(generations=[ChatGeneration(message=message)])
