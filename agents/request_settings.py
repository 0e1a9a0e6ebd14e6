"""Prepares a request: chooses the settings that the model accepts, and gives them the names that the client uses."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gedanken.agents.settings import Learned, Setting

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

_FIELD_NAMES = {
    Setting.TEMPERATURE: ("temperature",),
    Setting.TOP_P: ("top_p",),
    Setting.SEED: ("seed", "random_seed"),
    Setting.LIMIT: ("max_tokens", "max_output_tokens", "num_predict", "max_new_tokens", "max_completion_tokens"),
}
_CALL_ARGUMENTS = {"ChatGroq": {Setting.TOP_P: "top_p", Setting.SEED: "seed"}}
"""For each client class: settings that it accepts only as arguments of a call, with its names for these settings."""


@dataclass(frozen=True, slots=True)
class Call:
    """A chat model with the settings of one request applied."""

    chat: "BaseChatModel"
    arguments: dict[str, Any]
    """Arguments to pass with the call."""
    used: dict[str, object]
    """The values of the settings that are sent, by the client's names for these settings."""
    sent: frozenset[Setting]
    """The settings and features of this request that the server may refuse, such as a seed or streaming."""
    tokens: int
    """The requested token limit of the reply, including reasoning. It is stored even if it is not sent to the
    server.
    """

    @property
    def streamed(self) -> bool:
        """True if the reply is streamed."""
        return Setting.STREAM in self.sent


def prepare_call(
    chat: "BaseChatModel", requested: dict[Setting, float | int], learned: Learned, has_system: bool
) -> Call:
    """Copy the chat model, and apply the requested settings that the model accepts.

    `learned` is what earlier calls showed about the model. `has_system` is True if there is a system message.
    """
    fields = type(chat).model_fields
    call_names = _CALL_ARGUMENTS.get(type(chat).__name__, {})
    refused, responses = learned.refused, uses_responses_api(chat, learned)
    update: dict[str, Any] = {}
    arguments: dict[str, Any] = {}
    used: dict[str, object] = {}
    sent = {Setting.STREAM} - refused
    for setting, value in requested.items():
        name = call_names.get(setting) or next((field for field in _FIELD_NAMES[setting] if field in fields), None)
        if name is None:
            continue
        target = arguments if setting in call_names else update
        if setting in refused or (responses and setting is Setting.SEED):
            if setting not in call_names:
                _omit_setting(chat, name, update, arguments)
            continue
        target[name] = used[name] = value
        sent.add(setting)
    update |= _transport_settings(chat, learned, responses)
    if has_system and Setting.SYSTEM not in refused:
        sent.add(Setting.SYSTEM)
    if "use_responses_api" in fields and not responses:
        sent |= {Setting.STREAM_OPTIONS, Setting.CHAT_COMPLETIONS} - refused
    copy = chat.model_copy(update=update)
    if responses:
        for dropped in _dropped_by_client(copy) & used.keys():
            del used[dropped]
            sent.discard(Setting(dropped))
    return Call(copy, arguments, used, frozenset(sent), int(requested[Setting.LIMIT]))


def uses_responses_api(chat: "BaseChatModel", learned: Learned) -> bool:
    """Return whether requests go to OpenAI's Responses API.

    They do if LangChain chose that API for the model, or if the server demanded it.
    """
    return getattr(chat, "use_responses_api", None) is True or Setting.CHAT_COMPLETIONS in learned.refused


def _dropped_by_client(chat: Any) -> set[str]:
    """Return the settings that the client itself leaves out of a request: temperature, top_p, both, or neither.
    For most GPT-5 models, it leaves out both.
    """
    payload = chat._get_request_payload("")
    return {setting for setting in (Setting.TEMPERATURE, Setting.TOP_P) if setting not in payload}


def _omit_setting(chat: "BaseChatModel", name: str, update: dict[str, Any], arguments: dict[str, Any]) -> None:
    if type(chat).__name__ == "ChatGroq":  # which would send null
        from groq import omit

        arguments[name] = omit
    elif getattr(chat, name, None) is not None:
        update[name] = None


def _transport_settings(chat: "BaseChatModel", learned: Learned, responses: bool) -> dict[str, Any]:
    fields = type(chat).model_fields
    update: dict[str, Any] = {}
    if Setting.STREAM in learned.refused:
        update["disable_streaming"] = True
        if "streaming" in fields:
            update["streaming"] = False
    if Setting.STREAM_OPTIONS in learned.refused and "stream_usage" in fields:
        update["stream_usage"] = False
    if responses and "use_responses_api" in fields:
        update["use_responses_api"] = True
    if learned.limit_names and "limit_name" in fields:
        update["limit_name"] = learned.limit_names[0]
    return update
