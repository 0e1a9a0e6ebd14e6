"""The prompts for the model: one file for each prompt, filled in with Jinja."""

from functools import cache
from hashlib import sha256
from importlib.resources import files
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jinja2 import Environment


@cache
def _environment() -> "Environment":
    from jinja2 import Environment, PackageLoader, StrictUndefined

    # What is made here is plain text for a model, never markup.
    return Environment(
        loader=PackageLoader("gedanken.prompts", "."), undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )


@cache
def digest_of(*beginnings: str) -> str:
    """Return the SHA-256 of all prompts whose names start with one of `beginnings`."""
    found = sorted(file.name for file in files("gedanken.prompts").iterdir() if file.name.endswith(".j2"))
    texts = [
        [name, files("gedanken.prompts").joinpath(name).read_text(encoding="utf-8")]
        for name in found
        if name.startswith(beginnings)
    ]
    return sha256(repr(texts).encode()).hexdigest()


def render(name: str, **values: object) -> str:
    """Fill in the prompt `name`, a file in this folder without `.j2`, and return its text.

    Raises jinja2.UndefinedError for a missing value that the prompt uses.
    """
    return _environment().get_template(f"{name}.j2").render(**values).strip()
