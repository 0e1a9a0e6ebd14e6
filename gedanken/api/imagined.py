"""The imagined machine for Python programs: opened by name, or with a chat model that somebody has."""

from typing import TYPE_CHECKING, Any

from gedanken.agents.brought import model_of
from gedanken.agents.imagined import ImaginedMachine as PlayedMachine
from gedanken.agents.model import Model
from gedanken.api.given import GivenPersona, persona_of
from gedanken.experiment.blocking import Blocking

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel


class ImaginedMachine(PlayedMachine, Blocking):
    """A terminal played by a language model, which remembers its session from command to command.

    `async with` it, or `with` it where nothing is awaited, as in a notebook; then `run(command)` gives an Execution
    whose `stdout` is what the model says that the machine prints. Nothing is run anywhere.
    """

    def __init__(
        self, model: "BaseChatModel | Model | str", persona: GivenPersona = "matched", *more: Any, **settings: Any
    ) -> None:
        """A machine that is not open yet.

        `model` is a chat model of LangChain's, or a name as `--model` takes it: `embedded`, `openai:gpt-4.1`,
        `scripted:FILE`. `persona` is the name of a packaged one, a path to a YAML file, or a `Persona`. `settings`
        are the fields of the machine: `limits` (a `Limits`; tokens, seconds), `sample` (the sampling seed; 0 is asked
        at temperature 0), `temperature` (0 to 2, of the other samples), `steps` (whether it may work things out
        before the output). Raises BadInput for what is none of these; opening it raises NoModel.
        """
        asked = model if isinstance(model, Model | str) else model_of(model)
        super().__init__(asked, persona_of(persona), *more, **settings)
