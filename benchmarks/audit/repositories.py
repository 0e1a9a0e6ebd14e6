"""Small repositories on which the scripted agents work. Variants of a repository differ in the number of tests and
rows, and in the seed.
"""

from dataclasses import dataclass

Files = dict[str, str]
FUNCTION_NAMES = [
    "add",
    "scale",
    "clamp",
    "mean",
    "total",
    "spread",
    "double",
    "halve",
    "negate",
    "square",
    "cube",
    "largest",
    "smallest",
]


@dataclass(frozen=True)
class Repository:
    """The files of a repository, its commands, and the edits that an agent makes."""

    name: str
    files: Files
    tests: str
    """The command that runs the tests."""
    source: str
    """The file that agents edit."""
    good: str
    """A correct line of the source file."""
    broken: str
    """The same line, changed so that a test fails."""
    other: str
    """The same line, rewritten without changing any result."""
    lint: str | None = None
    types: str | None = None
    build: str | None = None
    train: str | None = None


def python_repository(number: int) -> Repository:
    """Return a Python package with tests, a training script and data."""
    tests, rows, seed = 3 + number * 5 % 17, 40 + 37 * number % 160, number + 1
    functions = [
        FUNCTION_NAMES[index % len(FUNCTION_NAMES)] + (str(index // len(FUNCTION_NAMES)) or "")
        for index in range(tests)
    ]
    functions = [name.removesuffix("0") for name in functions]
    source = "\n\n".join(
        f"def {name}(value: float) -> float:\n    return value * {index + 2}" for index, name in enumerate(functions)
    )
    checks = "\n\n\n".join(
        f"def test_{name}() -> None:\n    assert tally.{name}(3) == {3 * (index + 2)}"
        for index, name in enumerate(functions)
    )
    data = "\n".join(f"{index},{(index * 7 + seed) % 11},{(index * 3 + seed) % 2}" for index in range(rows))
    files = {
        "tally.py": f'"""Small sums."""\n\n\n{source}\n'.replace("\n\ndef", "\n\n\ndef").replace(
            "\n\n\n\n", "\n\n\n"
        ),
        "tests/test_tally.py": f"import tally\n\n\n{checks}\n",
        "conftest.py": "",
        "train.py": TRAIN.replace("SEED", str(seed)),
        "data.csv": data + "\n",
        "README.md": "# tally\n\nSmall sums, and a model of them.\n",
        "report.py": REPORT,
    }
    correct_line = f"    return value * {2}"
    return Repository(
        f"tally-{number}",
        files,
        "python -m pytest -q" if number % 2 else "pytest",
        "tally.py",
        correct_line,
        "    return value * 200",
        "    return 2 * value",
        lint="ruff check .",
        types="mypy tally.py",
        train="python train.py",
    )


TRAIN = '''"""A perceptron on the data."""

import random
from pathlib import Path

random.seed(SEED)
rows = [[float(cell) for cell in line.split(",")] for line in Path("data.csv").read_text().splitlines()]
weights = [random.uniform(-1, 1) for _ in range(3)]
LR = 0.01
for epoch in range(1, 6):
    loss = 0.0
    hits = 0
    for row in rows:
        given = [row[0] / 100, row[1] / 10, 1.0]
        score = sum(w * x for w, x in zip(weights, given))
        wrong = row[2] - score
        loss += wrong * wrong
        hits += (score > 0.5) == (row[2] > 0.5)
        weights = [w + LR * wrong * x for w, x in zip(weights, given)]
    print(f"epoch {epoch} train_loss {loss / len(rows):.4f} accuracy {hits / len(rows):.4f}")
print(f"final test accuracy: {hits / len(rows):.4f}")
'''
REPORT = '''"""What the data hold."""

import sys
from pathlib import Path

rows = [line.split(",") for line in Path("data.csv").read_text().splitlines()]
print(f"rows: {len(rows)}")
print(f"sum of the second column: {sum(int(row[1]) for row in rows)}")
if "--strict" in sys.argv:
    sys.exit(3)
'''


REQUIRED = """const test = require("node:test");
const assert = require("node:assert");
const tally = require("../tally.js");
"""
CHECKS = r"""#include <stdio.h>
int times(int, int);
static int ran, failed;
static void check(const char *name, int ok) {
  ran++;
  failed += !ok;
  printf("%s %s\n", ok ? "ok" : "FAIL", name);
}
int main(void) {
CHECKS
  printf("%d tests, %d failed\n", ran, failed);
  return failed > 0;
}
"""


def node_repository(number: int) -> Repository:
    """Return a JavaScript module with tests for node's own runner."""
    tests = 2 + number * 3 % 9
    functions = FUNCTION_NAMES[:tests]
    source = "\n".join(f"exports.{name} = (value) => value * {index + 2};" for index, name in enumerate(functions))
    checks = "\n".join(
        f'test("{name}", () => assert.equal(tally.{name}(3), {3 * (index + 2)}));'
        for index, name in enumerate(functions)
    )
    files = {
        "tally.js": source + "\n",
        "test/tally.test.js": f"{REQUIRED}{checks}\n",
        "package.json": '{"name": "tally", "version": "1.2.0", "scripts": {"test": "node --test"}}\n',
        "README.md": "# tally\n",
    }
    correct_line = f"exports.{functions[0]} = (value) => value * 2;"
    return Repository(
        f"node-{number}",
        files,
        "npm test",
        "tally.js",
        correct_line,
        correct_line.replace("* 2", "* 20"),
        correct_line.replace("value * 2", "2 * value"),
    )


def c_repository(number: int) -> Repository:
    """Return a C program that make builds, and its tests."""
    tests = 3 + number % 6
    checks = "\n".join(
        f'  check("times {factor}", times({factor}, 3) == {factor * 3});' for factor in range(1, tests + 1)
    )
    files = {
        "times.c": "int times(int a, int b) {\n  return a * b;\n}\n",
        "check.c": CHECKS.replace("CHECKS", checks),
        "Makefile": "all: times.c check.c\n\tgcc -Wall -o check times.c check.c\n\ntest: all\n\t./check\n",
        "README.md": "# times\n",
    }
    return Repository(
        f"c-{number}",
        files,
        "make test",
        "times.c",
        "  return a * b;",
        "  return a + b;",
        "  return b * a;",
        build="make",
    )


def repositories() -> list[Repository]:
    """Return all variants."""
    return [
        *(python_repository(number) for number in range(9)),
        *(node_repository(number) for number in range(4)),
        *(c_repository(number) for number in range(3)),
    ]
