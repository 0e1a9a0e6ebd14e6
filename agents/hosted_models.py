"""Opens hosted models through LangChain. The retries and time limits of gedanken replace those of the client."""

import json
import os
from collections.abc import Callable
from typing import Any

from pydantic import SecretStr

from gedanken.agents.model import Model
from gedanken.agents.model_errors import ErrorInside, host_of
from gedanken.agents.providers import arguments, init_chat, said_in_one_line
from gedanken.agents.settings import Learned, known_of
from gedanken.agents.time_limits import USUAL_LIMITS
from gedanken.experiment import secrets
from gedanken.experiment.errors import NoModel
from gedanken.experiment.secrets import shown_address, without_query

_OPENAI_SERVERS = ("OPENAI_BASE_URL", "OPENAI_API_BASE")


_Open = Callable[[str, dict[str, Any], Learned], Any]


def open_hosted(name: str, base_url: str | None) -> Model:
    """Open the model `name`, such as `openai:gpt-4.1`, at `base_url` if it is given. Raises BadInput or NoModel."""
    provider, _, model = name.partition(":")
    learned = known_of(model)
    with said_in_one_line(name):
        chat = _OPENED.get(provider, _any)(name, arguments(name, base_url), learned)
    secrets.known().learn(*_keys_of(chat))
    return Model(
        name=name,
        chat=chat,
        empty_turns=False,
        scores="echo" if base_url and provider == "openai" else None,
        base_url=base_url and shown_address(base_url),
        learned=learned,
        limits=USUAL_LIMITS,
    )


def _keys_of(chat: Any) -> list[str]:
    """Return the API keys that the client read from files or environment variables."""
    return [value.get_secret_value() for value in vars(chat).values() if isinstance(value, SecretStr)]


def _any(name: str, options: dict[str, Any], learned: Learned) -> Any:  # noqa: ARG001
    return init_chat(name, **options)


def _openai(name: str, options: dict[str, Any], learned: Learned) -> Any:
    from openai import DefaultAsyncHttpxClient, Timeout

    from gedanken.agents.openai_chat import OpenAIChat

    elsewhere = "base_url" in options or any(os.environ.get(key) for key in _OPENAI_SERVERS)
    limit_names = ["max_completion_tokens", "max_tokens"]
    learned.limit_names = limit_names[::-1] if elsewhere and not learned.refused else limit_names
    if "base_url" in options:
        options["base_url"], options["default_query"] = without_query(options["base_url"])
    timeout = Timeout(None, connect=USUAL_LIMITS.connect)
    client = DefaultAsyncHttpxClient(timeout=timeout, event_hooks={"response": [_must_be_a_model]})
    return OpenAIChat(
        model=name.partition(":")[2],
        timeout=timeout,
        max_retries=0,
        stream_usage=True,
        stream_chunk_timeout=None,
        http_async_client=client,
        # LangChain chooses the Responses API by a model's name, even if another server has it.
        use_responses_api=False if elsewhere else None,
        **options,
    )


def _anthropic(name: str, options: dict[str, Any], learned: Learned) -> Any:
    from anthropic import Timeout

    chat = _any(name, {**options, "max_retries": 0}, learned)
    chat._async_client.timeout = Timeout(None, connect=USUAL_LIMITS.connect)
    _hear_pages(chat._async_client._client)
    return chat


def _groq(name: str, options: dict[str, Any], learned: Learned) -> Any:
    from groq import Timeout

    timeout = Timeout(None, connect=USUAL_LIMITS.connect)
    chat = _any(name, {**options, "max_retries": 0, "timeout": timeout}, learned)
    _hear_pages(chat.async_client._client._client)
    return chat


def _mistral(name: str, options: dict[str, Any], learned: Learned) -> Any:
    import httpx

    chat = _any(name, {**options, "max_retries": 1}, learned)
    chat.async_client.timeout = httpx.Timeout(None, connect=USUAL_LIMITS.connect)
    _hear_pages(chat.async_client)
    return chat


def _google(name: str, options: dict[str, Any], learned: Learned) -> Any:
    hooks = {"request": [_connect_in_time], "response": [_must_be_a_model]}
    return _any(name, {**options, "max_retries": 1, "client_args": {"event_hooks": hooks}}, learned)


def _ollama(name: str, options: dict[str, Any], learned: Learned) -> Any:  # noqa: ARG001
    import httpx

    from gedanken.agents.ollama_chat import OllamaChat

    timeout = httpx.Timeout(None, connect=USUAL_LIMITS.connect)
    model = name.partition(":")[2]
    client = {"timeout": timeout, "event_hooks": {"response": [_must_be_a_model]}}
    return OllamaChat(model=model, reasoning=True, async_client_kwargs=client, **options)


def _bedrock(name: str, options: dict[str, Any], learned: Learned) -> Any:  # noqa: ARG001
    from botocore.config import Config

    from gedanken.agents.bedrock_chat import BedrockChat

    config = Config(
        connect_timeout=USUAL_LIMITS.connect, read_timeout=USUAL_LIMITS.first, retries={"total_max_attempts": 1}
    )
    return BedrockChat(model=name.partition(":")[2], config=config, **options)


def _hear_pages(client: Any) -> None:
    """Make a client check each response with `_must_be_a_model`."""
    hooks = client.event_hooks
    client.event_hooks = {**hooks, "response": [*hooks.get("response", ()), _must_be_a_model]}


async def _must_be_a_model(response: Any) -> None:
    """Raise an error if a response is a web page, an error message, or a whole reply where a stream was requested."""
    kind = response.headers.get("content-type", "").lower() if response.status_code == 200 else ""
    if kind.startswith("application/json"):
        await _must_be_no_error(response)
        if b'"stream":true' in response.request.content.replace(b" ", b""):
            raise NotImplementedError("streaming is not supported: the server sent the whole reply at once")
    if kind.startswith("text/html"):
        where = host_of(str(response.request.url))
        raise NoModel(
            f"{where} answers with a web page instead of a reply: check --base-url, which often ends in /v1"
        )


async def _must_be_no_error(response: Any) -> None:
    """If a response with status 200 contains an error, raise it as ErrorInside."""
    try:
        said = json.loads(await response.aread())
    except ValueError:
        return  # the client itself reports invalid JSON
    # Routers send this if the provider behind them failed.
    if isinstance(said, dict) and said.get("error"):
        raise ErrorInside(said["error"])


async def _connect_in_time(request: Any) -> None:
    request.extensions["timeout"] = {**request.extensions.get("timeout", {}), "connect": USUAL_LIMITS.connect}


_OPENED: dict[str, _Open] = {
    "openai": _openai,
    "anthropic": _anthropic,
    "groq": _groq,
    "mistralai": _mistral,
    "google_genai": _google,
    "ollama": _ollama,
    "bedrock_converse": _bedrock,
}
