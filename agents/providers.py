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
from gedanken.experiment.plugins import MODELS, by_name

HOSTED = "hosted"
"""Name of the plug-in that opens all hosted models; users do not type it."""
UNUSED = "unused"
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
    without_key: tuple[tuple[str, str], ...] = (("api_key", UNUSED),)
    """Arguments passed in place of a key if an address is given, but no key is set."""


_BEDROCK = {
    "extra": "bedrock",
    "keys": ("AWS_ACCESS_KEY_ID", "AWS_PROFILE", "AWS_BEARER_TOKEN_BEDROCK"),
    "without_key": (
        ("aws_access_key_id", UNUSED),
        ("aws_secret_access_key", UNUSED),
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


def arguments(name: str, base_url: str | None) -> dict[str, Any]:
    """Return the arguments that make the client of the model `name` use `base_url`, with a placeholder for a missing
    key; none if `base_url` is None.
    """
    if base_url is None:
        return {}
    provider = _provider(name)
    has_key = any(os.environ.get(key) for key in provider.keys)
    return {provider.address: base_url, **({} if has_key else dict(provider.without_key))}


@contextmanager
def said_in_one_line(name: str) -> Iterator[None]:
    """While the client of the model `name` is opened, turn any exception into BadInput or NoModel with a one-line
    message.
    """
    try:
        yield
    except ImportError as error:
        package = _package(_provider(name), error)
        raise NoModel(f"{name}: its client is not installed: pip install {package}") from error
    except ValidationError as error:
        raise NoModel(f"{name}: {_first_line(error)}") from error
    except ValueError as error:
        raise _refused(name, error) from error
    except Exception as error:  # each provider raises a different error for a missing key
        raise NoModel(f"{name}: {_first_line(error)}") from error


def init_chat(name: str, **options: Any) -> Any:
    """Open LangChain's chat model for `name`, such as `openai:gpt-4.1`, with the given options."""
    from langchain.chat_models import init_chat_model

    provider, _, model = name.partition(":")
    return init_chat_model(model, model_provider=provider, **options)


def _provider(name: str) -> Provider:
    written = name.partition(":")[0]
    return PROVIDERS.get(written, Provider(keys=(f"{written.upper()}_API_KEY",)))


def _package(provider: Provider, error: ImportError) -> str:
    if provider.extra:
        return f"'gedanken[{provider.extra}]'"
    named = re.search(r"pip install [`']?([\w\[\]-]+)", str(error))
    return named[1] if named else _first_line(error)


def _refused(name: str, error: ValueError) -> BadInput:
    first = _first_line(error)
    if "Unsupported provider" not in first:
        return BadInput(f"{name}: {first}")
    asked = name.partition(":")[0]
    langchain = str(error).rpartition(": ")[2].split(", ")
    known = sorted({*(word.strip(" '.[]") for word in langchain), *by_name(MODELS)} - {HOSTED})
    close = get_close_matches(asked, known, 1)
    guess = f"; did you mean {close[0]}?" if close else ";"
    return BadInput(f"--model {name}: there is no provider named {asked}{guess} known providers: {', '.join(known)}")


def _first_line(error: Exception) -> str:
    said = error.errors()[0]["msg"] if isinstance(error, ValidationError) else str(error)
    lines = said.strip().splitlines() or [type(error).__name__]
    return lines[0].removeprefix("Value error, ")[:300]
