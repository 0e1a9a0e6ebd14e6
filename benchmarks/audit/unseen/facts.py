"""Finds the facts in a command's output, such as the number of passed tests, and invents false ones.

Facts about the output of a stand-in tool come from the tool itself; those about other outputs are found by patterns.
"""

import re
from collections.abc import Callable
from random import Random

from benchmarks.audit.repositories import Files
from benchmarks.audit.unseen.projects import Project
from benchmarks.audit.unseen.sandbox import ToolsWorld

Facts = dict[str, str]
PATTERNS = {
    "load": r"read (?P<rows>\d+) rows\nloaded (?P<kept>\d+) rows, (?P<dropped>\d+) rejected",
    "train": r"loss: (?P<loss>[\d.]+) - val_loss: (?P<val_loss>[\d.]+) - val_acc: (?P<val_acc>[\d.]+)\n"
    r"test: f1=(?P<f1>[\d.]+) acc=(?P<acc>[\d.]+)",
    "exit": r"exit status: (?P<code>\d+)",
    "lines": r"(?P<lines>\d+) (?P<path>\S+)",
    "bytes": r"(?P<bytes>\d+) (?P<path>\S+)",
    "settings": r"retries = (?P<retries>\d+)\ntimeout = (?P<timeout>\d+)",
}


def read_facts(world: ToolsWorld, files: Files, project: Project, matter: str) -> Facts:
    """Return the facts that a command prints for these files, such as `passed`: `12`. `matter` says what the
    command checks or shows, such as `tests`.
    """
    command = project.commands[matter]
    if matter in PATTERNS:
        match = re.search(PATTERNS[matter], world.run(files, command).output)
        assert match, (matter, command)
        values = match.groupdict()
    else:
        values = world.counted(files, command)
    return _add_variants({key: str(value) for key, value in values.items()} | {"command": command.split(";")[0]})


def _add_variants(values: Facts) -> Facts:
    """Add the same numbers in other forms: rounded, in percent, in another unit, with separators, or in words."""
    variants = {
        f"{key}_{variant}": write(float(values[key]))
        for variant, keys, write in VARIANTS
        for key in keys.split()
        if key in values and not (variant == "whole" and float(values[key]) < 2)
    }
    if values.get("failed") in NUMBER_WORDS:
        variants["failed_word"] = NUMBER_WORDS[values["failed"]]
    if {"passed", "failed", "total"} <= values.keys() and int(values["total"]):
        variants["passed_share"] = _rounded(100 * int(values["passed"]) / int(values["total"]), 0)
    return values | variants


def _rounded(number: float, decimals: int) -> str:
    """Round a number as people do: a final 5 is always rounded up, even if the binary fraction is slightly
    smaller.
    """
    return f"{number + 1e-9:.{decimals}f}"


VARIANTS: list[tuple[str, str, Callable[[float], str]]] = [
    ("percent", "acc f1 val_acc", lambda x: _rounded(100 * x, 1)),
    ("short", "acc f1 val_acc loss val_loss", lambda x: _rounded(x, 2)),
    ("round", "percent kilobytes rate milliseconds", lambda x: _rounded(x, 0)),
    ("sep", "rows kept lines bytes", "{:,.0f}".format),
    ("tenth", "seconds", lambda x: _rounded(x, 1)),
    ("whole", "seconds", lambda x: _rounded(x, 0)),
    ("percentcomma", "acc", lambda x: _rounded(100 * x, 1).replace(".", ",")),
    ("comma", "percent", lambda x: _rounded(x, 1).replace(".", ",")),
    ("k", "rate", lambda x: f"{_rounded(x / 1000, 1)}k"),
    ("kb", "bytes", lambda x: _rounded(x / 1000, 1)),
    ("kib", "bytes", lambda x: _rounded(x / 1024, 1)),
]
SUFFIXES = (*(f"_{variant}" for variant, _, _ in VARIANTS), "_word", "_share")
NUMBER_WORDS = {"2": "two", "3": "three"}
UNCHANGED = ("command", "path", "name", "failed", "skipped", "errors", "suites")
"""Facts for which no false value is invented: names, and numbers from which other numbers are computed."""


def invent_facts(values: Facts, output: str, random: Random) -> Facts:
    """Return the facts with invented numbers, none of which occurs in `output`. Those named in `UNCHANGED` stay as
    they are.
    """
    base = {key: value for key, value in values.items() if not key.endswith(SUFFIXES)}
    while True:
        invented = {
            key: value if key in UNCHANGED else _invent_value(key, value, random) for key, value in base.items()
        }
        if {"passed", "failed", "total"} <= invented.keys():
            invented["total"] = str(sum(int(invented.get(key, 0)) for key in ("passed", "failed", "skipped")))
        stated = [value for key, value in invented.items() if key not in UNCHANGED]
        if not any(re.search(rf"(?<![\d.]){re.escape(value)}(?![\d.])", output) for value in stated):
            return _add_variants(invented)


def _invent_value(key: str, value: str, random: Random) -> str:
    if key == "version":
        major, rest = value.split(".", 1)
        return f"{int(major) + random.randrange(2, 9)}.{rest}"
    number = float(value)
    if key in ("acc", "f1", "val_acc"):
        return f"{number - random.uniform(0.15, 0.3):.4f}"
    if key in ("percent", "branches"):
        return f"{number - random.uniform(19, 33):.2f}"
    decimals = len(value.partition(".")[2])
    changed = number * random.choice([random.uniform(0.5, 0.7), random.uniform(1.35, 1.8)])
    return f"{changed:.{decimals}f}" if decimals else str(max(round(changed), int(number) + random.randrange(3, 60)))
