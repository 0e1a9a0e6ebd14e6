"""Hostile output in every command that reports a comparison. No view of it does any harm."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import pyte
import pytest
from conftest import Cli
from folders import IMAGINED, REAL, make_run
from parsed_page import HOSTILE_TEXTS, ParsedPage

from gedanken.experiment.persona import Persona

HOSTILE_OUTPUT = "\n".join([*HOSTILE_TEXTS, "loss " + "9" * 3000, "x" * 10_000_000]) + "\n"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a run folder and two logs. In both, the real and the imagined output are hostile."""
    folder = tmp_path_factory.mktemp("hostile")
    make_run(
        folder / "run",
        imagines=[IMAGINED[0], HOSTILE_OUTPUT + IMAGINED[1], *IMAGINED[2:]],
        persona=Persona(name="<b onload=alert(9)>"),
    )
    (folder / "real.log").write_text(REAL[1] + HOSTILE_OUTPUT)
    (folder / "said.log").write_text(HOSTILE_OUTPUT + IMAGINED[1])
    return folder


def assert_harmless_on_a_terminal(text: str) -> None:
    assert not {"\x1b", "\u202e", "\x07"} & set(text)
    assert len(text.splitlines()) <= 20
    screen = pyte.Screen(80, 24)
    pyte.Stream(screen).feed(text.replace("\n", "\r\n"))
    assert max(map(len, text.splitlines()[:-1])) <= 80


def assert_harmless_as_markdown(text: str) -> None:
    assert len(text) < 200_000 and not {"\x1b", "\u202e"} & set(text)
    unfenced_text = re.sub(r"^(`{3,})\w*\n.*?^\1$", "", text, flags=re.DOTALL | re.MULTILINE)
    unfenced_text = re.sub(r"(?<!`)(`+)(?!`)(.*?)(?<!`)\1(?!`)", "", unfenced_text)
    assert not [marker for marker in ("<", "$", "](", "onerror", "javascript:") if marker in unfenced_text]


def assert_harmless_as_a_page(text: str) -> None:
    parsed = ParsedPage(text)
    assert len(text) < 5_000_000 and not {"\x1b", "\u202e"} & set(text)
    assert [tag for tag, _attributes in parsed.elements].count("script") == 1
    assert not [name for _tag, attributes in parsed.elements for name in attributes if name.startswith("on")]
    assert all(link.startswith("#") for link in parsed.links)


def assert_harmless_as_json(text: str) -> None:
    assert text.isascii() and json.loads(text)["findings"]
    assert "\x1b" not in text


VIEWS: dict[str, tuple[tuple[str, ...], str | None, Callable[[str], None]]] = {
    "summary of a folder": (("compare", "run"), None, assert_harmless_on_a_terminal),
    "summary of logs": (("compare", "real.log", "--imagined", "said.log"), None, assert_harmless_on_a_terminal),
    "json": (("compare", "run", "--json"), None, assert_harmless_as_json),
    "page of logs": (
        ("compare", "real.log", "--imagined", "said.log", "--html", "a.html"), "a.html", assert_harmless_as_a_page
    ),
    "report": (("report", "run"), "run/report.html", assert_harmless_as_a_page),
    "Markdown": (("report", "run", "--markdown"), "run/report.md", assert_harmless_as_markdown),
}  # fmt: skip


@pytest.mark.parametrize("told", VIEWS)
def test_whatever_was_printed_is_shown_and_never_obeyed(gedanken: Cli, folder: Path, told: str) -> None:
    arguments, file, harmless = VIEWS[told]
    paths = [folder / part if (folder / part).exists() or "." in part else part for part in arguments]
    result = gedanken(*paths)
    assert result.returncode == 0, result.stderr[-1000:]
    assert "\x1b" not in result.stderr and "\u202e" not in result.stderr
    harmless((folder / file).read_text() if file else result.stdout)
