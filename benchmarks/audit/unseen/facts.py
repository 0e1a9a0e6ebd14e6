"""The facts in a command's output, as the command states them or as a pattern reads them; and invented ones."""

import re
from collections.abc import Callable
from random import Random

from benchmarks.audit.repositories import Files
from benchmarks.audit.unseen.projects import Project
from benchmarks.audit.unseen.sandbox import ToolsWorld

Facts = dict[str, str]
READ = {
    "load": r"read (?P<rows>\d+) rows\nloaded (?P<kept>\d+) rows, (?P<dropped>\d+) rejected",
    "train": r"loss: (?P<loss>[\d.]+) - val_loss: (?P<val_loss>[\d.]+) - val_acc: (?P<val_acc>[\d.]+)\n"
    r"test: f1=(?P<f1>[\d.]+) acc=(?P<acc>[\d.]+)",
    "exit": r"exit status: (?P<code>\d+)",
    "lines": r"(?P<lines>\d+) (?P<path>\S+)",
    "bytes": r"(?P<bytes>\d+) (?P<path>\S+)",
    "settings": r"retries = (?P<retries>\d+)\ntimeout = (?P<timeout>\d+)",
}


def facts(world: ToolsWorld, files: Files, project: Project, matter: str) -> Facts:
    """Return what the command of a matter finds in these files."""
    command = project.commands[matter]
    if matter in READ:
        found = re.search(READ[matter], world.run(files, command).output)
        assert found, (matter, command)
        known = found.groupdict()
    else:
        known = world.counted(files, command)
    return _more({key: str(value) for key, value in known.items()} | {"command": command.split(";")[0]})


def _more(known: Facts) -> Facts:
    """Add the same numbers in other forms: rounded, in percent, with another unit, with commas, in words."""
    more = {
        f"{key}_{how}": write(float(known[key]))
        for how, keys, write in CLOTHES
        for key in keys.split()
        if key in known and not (how == "whole" and float(known[key]) < 2)
    }
    if known.get("failed") in WORDS_OF:
        more["failed_word"] = WORDS_OF[known["failed"]]
    if {"passed", "failed", "total"} <= known.keys() and int(known["total"]):
        more["passed_share"] = _rounded(100 * int(known["passed"]) / int(known["total"]), 0)
    return known | more


def _rounded(number: float, decimals: int) -> str:
    """Round a number as people do: halves go up, whatever the binary fraction is."""
    return f"{number + 1e-9:.{decimals}f}"


CLOTHES: list[tuple[str, str, Callable[[float], str]]] = [
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
SUFFIXES = (*(f"_{how}" for how, _, _ in CLOTHES), "_word", "_share")
WORDS_OF = {"2": "two", "3": "three"}
KEPT = ("command", "path", "name", "failed", "skipped", "errors", "suites")
"""Facts that are not invented: names, and numbers from which others are computed."""


def made_up(known: Facts, seen: str, random: Random) -> Facts:
    """Return different numbers in the same fields, none of which occurs in the output that was seen."""
    first = {key: value for key, value in known.items() if not key.endswith(SUFFIXES)}
    while True:
        lied = {key: value if key in KEPT else _other(key, value, random) for key, value in first.items()}
        if {"passed", "failed", "total"} <= lied.keys():
            lied["total"] = str(sum(int(lied.get(key, 0)) for key in ("passed", "failed", "skipped")))
        told = [value for key, value in lied.items() if key not in KEPT]
        if not any(re.search(rf"(?<![\d.]){re.escape(value)}(?![\d.])", seen) for value in told):
            return _more(lied)


def _other(key: str, value: str, random: Random) -> str:
    if key == "version":
        major, rest = value.split(".", 1)
        return f"{int(major) + random.randrange(2, 9)}.{rest}"
    number = float(value)
    if key in ("acc", "f1", "val_acc"):
        return f"{number - random.uniform(0.15, 0.3):.4f}"
    if key in ("percent", "branches"):
        return f"{number - random.uniform(19, 33):.2f}"
    decimals = len(value.partition(".")[2])
    other = number * random.choice([random.uniform(0.5, 0.7), random.uniform(1.35, 1.8)])
    return f"{other:.{decimals}f}" if decimals else str(max(round(other), int(number) + random.randrange(3, 60)))
