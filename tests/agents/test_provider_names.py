"""Names of providers, and the messages if a client, a key or a provider is missing."""

import asyncio
import sys
import tomllib
from pathlib import Path

import pytest

from gedanken.agents.providers import PROVIDERS, client_arguments
from gedanken.agents.registry import open_model
from gedanken.experiment.errors import BadInput, NoModel
from gedanken.experiment.progress import Silent
from gedanken.experiment.run_spec import ModelSpec

PROJECT = Path(__file__).parents[2] / "pyproject.toml"


def error_message_of(name: str, kind: type[Exception]) -> str:
    async def main() -> None:
        async with open_model(ModelSpec(name=name), Silent()):
            pass

    with pytest.raises(kind) as error:
        asyncio.run(main())
    return str(error.value)


OTHER_EXTRAS = {"otlp", "pandas", "polars", "server"}
"""Optional dependencies of the package that are not needed for any model."""


def test_every_extra_that_an_error_may_name_can_be_installed() -> None:
    extras = tomllib.loads(PROJECT.read_text())["project"]["optional-dependencies"]
    assert {provider.extra for provider in PROVIDERS.values()} - {None} == set(extras) - OTHER_EXTRAS


@pytest.mark.parametrize(
    ("name", "package", "extra"),
    [
        ("anthropic:claude-x", "langchain_anthropic", "gedanken[anthropic]"),
        ("ollama:x", "langchain_ollama", "gedanken[ollama]"),
        ("bedrock_converse:anthropic.claude-3-haiku", "langchain_aws", "gedanken[bedrock]"),
    ],
)
def test_a_client_that_is_missing_is_named_with_its_extra(
    monkeypatch: pytest.MonkeyPatch, name: str, package: str, extra: str
) -> None:
    for module in [
        module
        for module in sys.modules
        if module in ("gedanken.agents.ollama_chat", "gedanken.agents.bedrock_chat")
        or module.partition(".")[0] == package
    ]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.setitem(sys.modules, package, None)
    from langchain.chat_models import base

    base._get_chat_model_creator.cache_clear()
    assert error_message_of(name, NoModel) == f"{name}: its client is not installed: pip install '{extra}'"


def test_a_provider_that_nobody_knows_is_told_which_there_are() -> None:
    message = error_message_of("google:gemini-2.5-pro", BadInput)
    assert message.startswith(
        "--model google:gemini-2.5-pro: there is no provider named google; did you mean google_"
    )
    assert "known providers: anthropic, " in message
    assert "google_genai" in message and "\n" not in message


def test_a_missing_key_is_one_line_that_names_its_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("GOOGLE_API_KEY", "GEMINI_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    message = error_message_of("google_genai:gemini-2.5-pro", NoModel)
    assert "GOOGLE_API_KEY" in message and "\n" not in message


def test_an_address_needs_no_key_and_a_key_that_is_there_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GROQ_API_KEY", raising=False)
    assert client_arguments("groq:x", "http://here") == {"base_url": "http://here", "api_key": "unused"}
    monkeypatch.setenv("GROQ_API_KEY", "mine")
    assert client_arguments("groq:x", "http://here") == {"base_url": "http://here"}
    assert client_arguments("groq:x", None) == {}
