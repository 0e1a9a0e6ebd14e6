"""Provides what all pages share: the content security policy, style, script, and templates that escape text."""

from base64 import b64encode
from hashlib import sha256
from importlib import resources
from typing import TYPE_CHECKING

from markupsafe import Markup

from gedanken.experiment import format
from gedanken.experiment.counts import format_count

if TYPE_CHECKING:
    from jinja2 import Environment


def page_environment() -> "Environment":
    """Return the template environment, with the functions that all templates use."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("gedanken.report"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_escape_value,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        {
            "cut": format.truncate,
            "duration": format.format_duration,
            "ending": format.format_ending,
            "figure": format.format_number,
            "probability": format.format_probability,
            "span": format.format_range,
            "many": format_count,
        }
    )
    return environment


def packaged(name: str) -> str:
    """Return the content of a file in the folder of this module, such as `style.css`."""
    return (resources.files("gedanken.report") / name).read_text(encoding="utf-8")


def content_policy(style: str, script: str) -> str:
    """Return the content security policy, which allows only this style and this script, and no network."""
    hashes = [b64encode(sha256(text.encode()).digest()).decode() for text in (style, script)]
    return (
        f"default-src 'none'; style-src 'sha256-{hashes[0]}'; script-src 'sha256-{hashes[1]}'; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    )


def _escape_value(value: object) -> object:
    """Make hidden characters visible and cut long text; return finished markup unchanged."""
    return value if isinstance(value, Markup) else format.escape_invisible(format.first_lines(str(value)))
