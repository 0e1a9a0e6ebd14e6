"""Opens a model by its name."""

import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from urllib.parse import urlsplit

from gedanken.agents.langsmith_uploads import upload_notice
from gedanken.agents.model import Model
from gedanken.agents.model_provider import ModelProvider
from gedanken.agents.providers import HOSTED
from gedanken.experiment.errors import BadInput
from gedanken.experiment.plugins import MODELS, Plugin, plugins_by_name
from gedanken.experiment.progress import Progress
from gedanken.experiment.run_spec import ModelSpec
from gedanken.experiment.secrets import learn_address, shown_address

_NAME = re.compile(r"^(?P<provider>[a-z][a-z0-9_-]*):(?P<model>.+)$")

_INVALID_IN_URL = re.compile(r"[\s\\\x00-\x1f\x7f]")
"""Matches characters that no base URL may contain. Some clients take them for the end of the host name, and others
do not.
"""


def check_name(model: ModelSpec) -> None:
    """Raise BadInput if the model cannot be opened: its provider is not installed, the provider refuses the model,
    or the base URL is invalid.
    """
    learn_address(model.base_url)
    plugin, provider = _find_provider(model)
    if model.base_url is not None and not _is_url(model.base_url):
        raise BadInput(
            f"--base-url {shown_address(model.base_url)}: not a URL; an example is http://127.0.0.1:8000/v1"
        )
    with plugin.guarded():
        provider.check(model)


def _find_provider(spec: ModelSpec) -> tuple[Plugin, ModelProvider]:
    """Find the provider whose name is the whole model name, or the part of it before the colon."""
    installed = plugins_by_name(MODELS)
    match = _NAME.match(spec.name)
    plugin = installed.get(match["provider"], installed.get(HOSTED)) if match else installed.get(spec.name)
    if plugin is None:
        raise BadInput(
            f"--model {spec.name}: name the provider, as in openai:{spec.name or 'gpt-4.1'} or "
            f"ollama:{spec.name or 'llama3'}; or use `embedded` (runs on this computer) or scripted:FILE (replies "
            "that FILE holds)"
        )
    provider = plugin.load()
    if not isinstance(provider, ModelProvider):
        raise plugin.wrong_type_error(provider, "a ModelProvider")
    return plugin, provider


def _is_url(url: str) -> bool:
    if _INVALID_IN_URL.search(url):
        return False
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 0) >= 0
    except ValueError:  # a port that is not a number, an unclosed bracket
        return False


@asynccontextmanager
async def open_model(spec: ModelSpec, progress: Progress) -> AsyncIterator[Model]:
    """Open a model during the `with` block. Raises BadInput or NoModel.

    At most `spec.parallel` requests at a time are sent to a hosted model, and only one to the embedded model.
    """
    check_name(spec)
    plugin, provider = _find_provider(spec)
    if notice := upload_notice():
        progress.say(notice)
    async with AsyncExitStack() as stack:
        with plugin.guarded():
            model = await stack.enter_async_context(provider.open(spec, progress))
            if not isinstance(model, Model):
                raise plugin.wrong_type_error(model, "a Model")
        yield model
