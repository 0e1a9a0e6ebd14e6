"""A printed line passes through few modules on its way from the output to the page. docs/architecture.md names all of
them.
"""

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

import pytest
from folders import IMAGINED, make_run

from gedanken.analysis.analyze import analyze
from gedanken.report.page import render

LINE = "shape of input passed through the network is 64"
ROOT = Path(__file__).resolve().parents[2]
ARCHITECTURE = (ROOT / "docs" / "architecture.md").read_text()
NAMED_MODULES = re.findall(
    r"^\d\. `([\w/.]+)`(?: or `([\w/.]+)`)?", ARCHITECTURE.split("## The path of a printed line")[1], re.MULTILINE
)
MAX_MODULES = 6


def has_line(value: object, depth: int = 2) -> bool:
    """Whether a value is the line, or contains the line as a text in one of its parts."""
    if isinstance(value, str):
        return value.strip() == LINE
    if depth == 0:
        return False
    if isinstance(value, list | tuple) or type(value).__module__.startswith("gedanken."):
        parts = value if isinstance(value, list | tuple) else map(value.__getattribute__, fields_of(type(value)))
        return any(has_line(part, depth - 1) for part in parts)
    return False


def fields_of(kind: type) -> Iterator[str]:
    return iter(getattr(kind, "__dataclass_fields__", ()))


def calling_module(frame: FrameType) -> str:
    """The first module of this repository among the callers of a frame, beginning with the innermost."""
    caller = frame.f_back
    while caller is not None:
        path = Path(caller.f_code.co_filename).resolve()
        if path.is_relative_to(ROOT) and ".venv" not in path.parts:
            return str(path.relative_to(ROOT))
        caller = caller.f_back
    raise AssertionError("called by nobody")


@contextmanager
def recorded_makers() -> Iterator[set[str]]:
    """Collect the modules that create one of gedanken's objects with the line as an argument."""
    modules: set[str] = set()

    def record_maker(frame: FrameType, event: str, _argument: object) -> None:
        if event != "call" or frame.f_code.co_name not in ("__init__", "<lambda>"):
            return
        made_object, *arguments = [*frame.f_locals.values()] or [None]
        kind = made_object if isinstance(made_object, type) else type(made_object)
        if kind.__module__.startswith("gedanken.") and any(map(has_line, arguments)):
            modules.add(calling_module(frame))

    previous_profile = sys.getprofile()
    sys.setprofile(record_maker)
    try:
        yield modules
    finally:
        sys.setprofile(previous_profile)


def is_named(module: str, names: tuple[str, str]) -> bool:
    return any(name and (module == name or (name.endswith("/") and module.startswith(name))) for name in names)


@pytest.mark.parametrize("sample", [0, 1], ids=["beside a real output", "by itself"])
def test_a_line_that_a_finding_points_at_is_handed_on_by_the_modules_that_the_page_names(
    sample: int, tmp_path: Path
) -> None:
    texts = ["before all\n" + text for text in IMAGINED]
    texts[sample] += f"{LINE}\n"
    log = make_run(tmp_path / "run", imagines=texts)
    with recorded_makers() as modules:
        page = render(analyze(log))
    assert page.count(LINE) > 1
    assert [path for path in modules if not any(is_named(path, names) for names in NAMED_MODULES)] == []
    # The first module handles the whole output, and never a line by itself.
    assert [names for names in NAMED_MODULES[1:] if not any(is_named(path, names) for path in modules)] == []


def test_they_are_few() -> None:
    assert 3 < len(NAMED_MODULES) <= MAX_MODULES
