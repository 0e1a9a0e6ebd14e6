"""From the name of a model to the model."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

from gedanken.agents.hosted import open_hosted
from gedanken.agents.model import Model
from gedanken.agents.pacing import Bucket, Pace
from gedanken.agents.uploads import told_of_uploads
from gedanken.experiment.errors import BadInput
from gedanken.experiment.progress import Progress
from gedanken.experiment.run_spec import ModelSpec
from gedanken.experiment.secrets import learn_address, shown_address

EMBEDDED = "embedded"
_NAME = re.compile(r"^(?P<provider>[a-z][a-z0-9_-]*):(?P<model>.+)$")


def check_name(model: ModelSpec) -> None:
    """Raise BadInput for a name that says no provider, or a base URL that would go unused."""
    name, base_url = model.name, model.base_url
    learn_address(base_url)
    found = _NAME.match(name)
    if name != EMBEDDED and found is None:
        raise BadInput(
            f"--model {name}: say which provider, as in openai:{name or 'gpt-4.1'} or ollama:{name or 'llama3'}; "
            f"or use `{EMBEDDED}`, or scripted:FILE"
        )
    provider = found["provider"] if found else EMBEDDED
    if base_url is not None and provider in (EMBEDDED, "scripted"):
        raise BadInput(f"--base-url goes with a model that a server has, as in openai:NAME, not with {name}")
    if base_url is not None and not _is_address(base_url):
        raise BadInput(f"--base-url {shown_address(base_url)}: not an address such as http://127.0.0.1:8000/v1")
    if found and provider == "scripted":
        from gedanken.agents.scripted import read_rules

        read_rules(Path(found["model"]))


def _is_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 0) >= 0
    except ValueError:  # a port that is no number, a bracket that is not closed
        return False


@asynccontextmanager
async def open_model(spec: ModelSpec, progress: Progress) -> AsyncIterator[Model]:
    """Open a model for as long as the context lasts. Raises BadInput or NoModel.

    A hosted one is sent at most `spec.parallel` requests at a time; the embedded one has a single place.
    """
    check_name(spec)
    name, parallel = spec.name, spec.parallel
    if uploads := told_of_uploads():
        progress.say(uploads)
    if name == EMBEDDED:
        from gedanken.agents.embedded import open_embedded

        async with open_embedded(progress) as model:
            yield model
        return
    provider, _, model_name = name.partition(":")
    if provider == "scripted":
        from gedanken.agents.scripted import ScriptedModel, read_rules

        chat = ScriptedModel(rules=read_rules(Path(model_name)))
        yield Model(name=name, chat=chat, pace=Pace(parallel, progress, Bucket(first_wait=0.01, spacing=0.0)))
        return
    yield replace(open_hosted(name, spec.base_url), pace=Pace(parallel, progress))
