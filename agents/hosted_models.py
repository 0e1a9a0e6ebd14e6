"""Opens hosted models through LangChain. The retries and time limits of gedanken replace those of the client."""

import json
import os
from collections.abc import Callable
from typing import Any

from pydantic import SecretStr

from gedanken.agents.model import Model
from gedanken.agents.model_errors import ErrorInReply, host_of
from gedanken.agents.providers import client_arguments, init_chat, one_line_errors
from gedanken.agents.settings import Learned, learned_from_name
from gedanken.agents.time_limits import USUAL_LIMITS
from gedanken.experiment import secrets
from gedanken.experiment.errors import NoModel
from gedanken.experiment.secrets import shown_address, without_query

_OPENAI_URL_VARIABLES = ("OPENAI_BASE_URL", "OPENAI_API_BASE")


_Opener = Callable[[str, dict[str, Any], Learned], Any]


def open_hosted(name: str, base_url: str | None) -> Model:
    """Open the model `name`, such as `openai:gpt-4.1`, at `base_url` if it is given. Raises BadInput or NoModel."""
    provider, _, model = name.partition(":")
    learned = learned_from_name(model)
    with one_line_errors(name):
        chat = _OPENERS.get(provider, _open_default)(name, client_arguments(name, base_url), learned)
    secrets.process_secrets().learn(*_api_keys(chat))
    return Model(
        name=name,
        chat=chat,
        empty_turns=False,
        scores="echo" if base_url and provider == "openai" else None,
        base_url=base_url and shown_address(base_url),
        learned=learned,
        limits=USUAL_LIMITS,
    )


def _api_keys(chat: Any) -> list[str]:
    return [value.get_secret_value() for value in vars(chat).values() if isinstance(value, SecretStr)]


def _open_default(name: str, options: dict[str, Any], learned: Learned) -> Any:  # noqa: ARG001
    return init_chat(name, **options)


def _open_openai(name: str, options: dict[str, Any], learned: Learned) -> Any:
    from openai import DefaultAsyncHttpxClient, Timeout

    from gedanken.agents.openai_chat import OpenAIChat

    is_other_server = "base_url" in options or any(os.environ.get(variable) for variable in _OPENAI_URL_VARIABLES)
    limit_names = ["max_completion_tokens", "max_tokens"]
    learned.limit_names = limit_names[::-1] if is_other_server and not learned.refused else limit_names
    if "base_url" in options:
        options["base_url"], options["default_query"] = without_query(options["base_url"])
    timeout = Timeout(None, connect=USUAL_LIMITS.connect)
    client = DefaultAsyncHttpxClient(timeout=timeout, event_hooks={"response": [_check_response]})
    return OpenAIChat(
        model=name.partition(":")[2],
        timeout=timeout,
        max_retries=0,
        stream_usage=True,
        stream_chunk_timeout=None,
        http_async_client=client,
        # LangChain chooses the Responses API by a model's name, even if another server has it.
        use_responses_api=False if is_other_server else None,
        **options,
    )


def _open_anthropic(name: str, options: dict[str, Any], learned: Learned) -> Any:
    from anthropic import Timeout

    chat = _open_default(name, {**options, "max_retries": 0}, learned)
    chat._async_client.timeout = Timeout(None, connect=USUAL_LIMITS.connect)
    _add_response_check(chat._async_client._client)
    return chat


def _open_groq(name: str, options: dict[str, Any], learned: Learned) -> Any:
    from groq import Timeout

    timeout = Timeout(None, connect=USUAL_LIMITS.connect)
    chat = _open_default(name, {**options, "max_retries": 0, "timeout": timeout}, learned)
    _add_response_check(chat.async_client._client._client)
    return chat


def _open_mistral(name: str, options: dict[str, Any], learned: Learned) -> Any:
    import httpx

    chat = _open_default(name, {**options, "max_retries": 1}, learned)
    chat.async_client.timeout = httpx.Timeout(None, connect=USUAL_LIMITS.connect)
    _add_response_check(chat.async_client)
    return chat


def _open_google(name: str, options: dict[str, Any], learned: Learned) -> Any:
    hooks = {"request": [_limit_connecting], "response": [_check_response]}
    return _open_default(name, {**options, "max_retries": 1, "client_args": {"event_hooks": hooks}}, learned)


def _open_ollama(name: str, options: dict[str, Any], learned: Learned) -> Any:  # noqa: ARG001
    import httpx

    from gedanken.agents.ollama_chat import OllamaChat

    timeout = httpx.Timeout(None, connect=USUAL_LIMITS.connect)
    model = name.partition(":")[2]
    client = {"timeout": timeout, "event_hooks": {"response": [_check_response]}}
    return OllamaChat(model=model, reasoning=True, async_client_kwargs=client, **options)


def _open_bedrock(name: str, options: dict[str, Any], learned: Learned) -> Any:  # noqa: ARG001
    from botocore.config import Config

    from gedanken.agents.bedrock_chat import BedrockChat

    config = Config(
        connect_timeout=USUAL_LIMITS.connect, read_timeout=USUAL_LIMITS.first, retries={"total_max_attempts": 1}
    )
    return BedrockChat(model=name.partition(":")[2], config=config, **options)


def _add_response_check(client: Any) -> None:
    hooks = client.event_hooks
    client.event_hooks = {**hooks, "response": [*hooks.get("response", ()), _check_response]}


async def _check_response(response: Any) -> None:
    """Raise an error if a response is a web page or an error message, or if it is a whole reply although a stream
    was requested.
    """
    content_type = response.headers.get("content-type", "").lower() if response.status_code == 200 else ""
    if content_type.startswith("application/json"):
        await _check_for_error(response)
        if b'"stream":true' in response.request.content.replace(b" ", b""):
            raise NotImplementedError("streaming is not supported: the server sent the whole reply at once")
    if content_type.startswith("text/html"):
        host = host_of(str(response.request.url))
        raise NoModel(f"{host} answers with a web page instead of a reply: check --base-url, which often ends in /v1")


async def _check_for_error(response: Any) -> None:
    """Raise `ErrorInReply` if a response with status 200 contains an error."""
    try:
        body = json.loads(await response.aread())
    except ValueError:
        return  # the client itself reports invalid JSON
    # Routers send this if the provider behind them failed.
    if isinstance(body, dict) and body.get("error"):
        raise ErrorInReply(body["error"])


async def _limit_connecting(request: Any) -> None:
    request.extensions["timeout"] = {**request.extensions.get("timeout", {}), "connect": USUAL_LIMITS.connect}


_OPENERS: dict[str, _Opener] = {
    "openai": _open_openai,
    "anthropic": _open_anthropic,
    "groq": _open_groq,
    "mistralai": _open_mistral,
    "google_genai": _open_google,
    "ollama": _open_ollama,
    "bedrock_converse": _open_bedrock,
}
