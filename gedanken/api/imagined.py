"""The class `gedanken.ImaginedMachine`: an imagined machine, opened with a model's name or a chat model object."""

from typing import TYPE_CHECKING, Any

from gedanken.agents.imagined_machine import ImaginedMachine as PlayedMachine
from gedanken.agents.model import Model
from gedanken.agents.passed_in_models import wrap_chat_model
from gedanken.api.arguments import PersonaArgument, persona_of
from gedanken.experiment.blocking import Blocking

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel


class ImaginedMachine(PlayedMachine, Blocking):
    """A terminal played by a language model; nothing is really run. The session continues from command to command.

    Open it with `async with`, or with `with` in a notebook. `run(command)` returns an Execution with the imagined
    `stdout`.
    """

    def __init__(
        self, model: "BaseChatModel | Model | str", persona: PersonaArgument = "matched", *more: Any, **settings: Any
    ) -> None:
        """Prepare a machine; `with` opens it. Raises BadInput for an invalid argument; opening the machine raises
        NoModel.

        `model` is a chat model object of LangChain, or a name as for `--model`: `embedded`, `openai:gpt-4.1`,
        `scripted:FILE`. `persona` is the name of a packaged persona, the path of a YAML file, or a `Persona`.

        Further fields of the machine: `limits` (a `Limits`, with tokens and seconds), `sample` (the sampling seed;
        sample 0 has temperature 0), `temperature` (0 to 2, for other samples), `steps` (True lets the model write
        working steps before the output).
        """
        opened_model = model if isinstance(model, Model | str) else wrap_chat_model(model)
        super().__init__(opened_model, persona_of(persona), *more, **settings)
