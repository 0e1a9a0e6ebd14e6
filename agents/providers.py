"""Opens the client of each provider. Each client has its own names for the address and the key."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from pydantic import ValidationError

from gedanken.experiment.errors import BadInput, NoModel
from gedanken.experiment.plugins import MODELS, plugins_by_name

HOSTED = "hosted"
"""Name of the plug-in that opens all hosted models; users do not type it."""
PLACEHOLDER_KEY = "unused"
"""Placeholder key for a user's own server that requires none."""


@dataclass(frozen=True, slots=True)
class Provider:
    """The settings with which the client of one provider is opened. The defaults fit most providers."""

    extra: str | None = None
    """Name of gedanken's optional dependency group (extra) that installs the client; None if none is needed."""
    address: str = "base_url"
    """Name of the client's argument for the server's address."""
    keys: tuple[str, ...] = ()
    """Environment variables that hold the API key."""
    without_key: tuple[tuple[str, str], ...] = (("api_key", PLACEHOLDER_KEY),)
    """Arguments that are passed in place of a key if the user gives an address but sets no key."""


_BEDROCK = {
    "extra": "bedrock",
    "keys": ("AWS_ACCESS_KEY_ID", "AWS_PROFILE", "AWS_BEARER_TOKEN_BEDROCK"),
    "without_key": (
        ("aws_access_key_id", PLACEHOLDER_KEY),
        ("aws_secret_access_key", PLACEHOLDER_KEY),
        ("region_name", "us-east-1"),
    ),
}
PROVIDERS = {
    "anthropic": Provider("anthropic", keys=("ANTHROPIC_API_KEY",)),
    "azure_openai": Provider(address="azure_endpoint", keys=("AZURE_OPENAI_API_KEY", "OPENAI_API_KEY")),
    "bedrock": Provider(address="endpoint_url", **_BEDROCK),  # type: ignore[arg-type]
    "bedrock_converse": Provider(**_BEDROCK),  # type: ignore[arg-type]
    "google_genai": Provider("google", keys=("GOOGLE_API_KEY", "GEMINI_API_KEY")),
    "groq": Provider("groq", keys=("GROQ_API_KEY",)),
    "mistralai": Provider("mistral", keys=("MISTRAL_API_KEY",)),
    "ollama": Provider("ollama", without_key=()),
    "openai": Provider(keys=("OPENAI_API_KEY",)),
}


def client_arguments(name: str, base_url: str | None) -> dict[str, Any]:
    """Return the arguments with which the client of the model `name` uses the server at `base_url`.

    A missing key is replaced by a placeholder. There are no arguments if `base_url` is None.
    """
    if base_url is None:
        return {}
    provider = _provider(name)
    has_key = any(os.environ.get(key) for key in provider.keys)
    return {provider.address: base_url, **({} if has_key else dict(provider.without_key))}


@contextmanager
def one_line_errors(name: str) -> Iterator[None]:
    """Turn exceptions of the `with` block into BadInput or NoModel with a one-line message.

    The block opens the client of the model `name`.
    """
    try:
        yield
    except ImportError as error:
        package = _package_to_install(_provider(name), error)
        raise NoModel(f"{name}: its client is not installed: pip install {package}") from error
    except ValidationError as error:
        raise NoModel(f"{name}: {_first_line(error)}") from error
    except ValueError as error:
        raise _bad_input(name, error) from error
    except Exception as error:  # each provider raises a different error for a missing key
        raise NoModel(f"{name}: {_first_line(error)}") from error


def init_chat(name: str, **options: Any) -> Any:
    """Open LangChain's chat model for `name`, such as `openai:gpt-4.1`, with the given options."""
    from langchain.chat_models import init_chat_model

    provider, _, model = name.partition(":")
    return init_chat_model(model, model_provider=provider, **options)


def _provider(name: str) -> Provider:
    provider_name = name.partition(":")[0]
    return PROVIDERS.get(provider_name, Provider(keys=(f"{provider_name.upper()}_API_KEY",)))


def _package_to_install(provider: Provider, error: ImportError) -> str:
    if provider.extra:
        return f"'gedanken[{provider.extra}]'"
    match = re.search(r"pip install [`']?([\w\[\]-]+)", str(error))
    return match[1] if match else _first_line(error)


def _bad_input(name: str, error: ValueError) -> BadInput:
    first_line = _first_line(error)
    if "Unsupported provider" not in first_line:
        return BadInput(f"{name}: {first_line}")
    provider_name = name.partition(":")[0]
    langchain = str(error).rpartition(": ")[2].split(", ")
    known_names = sorted({*(word.strip(" '.[]") for word in langchain), *plugins_by_name(MODELS)} - {HOSTED})
    close_names = get_close_matches(provider_name, known_names, 1)
    guess = f"; did you mean {close_names[0]}?" if close_names else ";"
    return BadInput(
        f"--model {name}: there is no provider named {provider_name}{guess} known providers: {', '.join(known_names)}"
    )


def _first_line(error: Exception) -> str:
    message = error.errors()[0]["msg"] if isinstance(error, ValidationError) else str(error)
    lines = message.strip().splitlines() or [type(error).__name__]
    return lines[0].removeprefix("Value error, ")[:300]
