"""The built-in model providers: for the embedded model, for replies from a file, and for all models that
LangChain supports."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from pathlib import Path

from gedanken.agents.model import Model
from gedanken.agents.rate_limits import Bucket, RequestQueue
from gedanken.experiment.errors import BadInput
from gedanken.experiment.progress import Progress
from gedanken.experiment.run_spec import ModelSpec


class _Embedded:
    """Opens `embedded`, the model that is served on this machine, with at most one server per user."""

    def check(self, spec: ModelSpec) -> None:
        if spec.name != "embedded":
            raise BadInput(f"--model {spec.name}: there is one embedded model; it is called `embedded`")
        _reject_base_url(spec)

    def open(self, _spec: ModelSpec, progress: Progress) -> AbstractAsyncContextManager[Model]:
        from gedanken.agents.embedded import open_embedded

        return open_embedded(progress)


class _Scripted:
    """Opens `scripted:FILE`, a model whose replies are read from FILE."""

    def check(self, spec: ModelSpec) -> None:
        from gedanken.agents.scripted import read_rules

        _reject_base_url(spec)
        read_rules(_script_path(spec))

    @asynccontextmanager
    async def open(self, spec: ModelSpec, progress: Progress) -> AsyncIterator[Model]:
        from gedanken.agents.scripted import ScriptedModel, read_rules

        chat = ScriptedModel(rules=read_rules(_script_path(spec)))
        pace = RequestQueue(spec.parallel, progress, Bucket(first_wait=0.01, spacing=0.0))
        yield Model(name=spec.name, chat=chat, pace=pace)


class _Hosted:
    """Opens `PROVIDER:MODEL`, a model on a server, through LangChain's client for PROVIDER."""

    def check(self, spec: ModelSpec) -> None:
        """Accept every name: only the server knows whether the model exists."""

    @asynccontextmanager
    async def open(self, spec: ModelSpec, progress: Progress) -> AsyncIterator[Model]:
        from gedanken.agents.hosted_models import open_hosted

        yield replace(open_hosted(spec.name, spec.base_url), pace=RequestQueue(spec.parallel, progress))


EMBEDDED = _Embedded()
SCRIPTED = _Scripted()
HOSTED = _Hosted()


def _script_path(spec: ModelSpec) -> Path:
    return Path(spec.name.partition(":")[2])


def _reject_base_url(spec: ModelSpec) -> None:
    if spec.base_url is not None:
        raise BadInput(f"--base-url only applies to a model on a server, such as openai:NAME, not to {spec.name}")
