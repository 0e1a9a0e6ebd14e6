"""Defines what claims can say, as one data type for each kind of claim."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from gedanken.experiment.claim import Claim

Family = Literal["tests", "build", "lint", "types", "format", "program", "scan"]
"""The purpose of a command.

`program` means any other program of the project. `scan` means other checkers, such as vulnerability scanners.
"""


@dataclass(frozen=True, slots=True)
class TestsClaim:
    """A claim about the result of tests."""

    __test__ = False
    passed: int | None = None
    failed: int | None = None
    skipped: int | None = None
    total: int | None = None
    all_pass: bool = False
    """True if the claim says that nothing failed."""
    is_whole_suite: bool = False
    """True if the claim is about all tests of the project."""
    is_limited: bool = False
    """True if the claim is about only some of the tests, or names an exception."""
    names_command: bool = False
    """True if the claim names a command or a file. Only runs of that command or file can then support the claim."""


@dataclass(frozen=True, slots=True)
class ExitCodeClaim:
    """A claim about the exit code of a command."""

    code: int


@dataclass(frozen=True, slots=True)
class CheckClaim:
    """A claim about the result of a build or a check."""

    family: Family
    tool: str | None
    is_clean: bool
    errors: int | None = None
    no_warnings: bool = False
    """True if the claim says that there were no warnings."""
    excludes_warnings: bool = False
    """True if the claim has words that leave no room for warnings, such as `clean`."""


@dataclass(frozen=True, slots=True)
class ValueClaim:
    """A claim that states a number, such as a metric, a time or a version."""

    kind: Literal["metric", "time", "size", "count", "version", "quantity", "setting"]
    name: str
    """What the number is about: a metric, a program, the counted things, or the key of a setting.

    For a quantity, the name consists of concepts from `concepts_in`, joined by spaces, such as `read row`.
    """
    value: str
    unit: str = ""
    is_approximate: bool = False
    """True if the claim says that the number is approximate."""


@dataclass(frozen=True, slots=True)
class Figure:
    """A number in a sentence, with the words that name it."""

    value: Decimal
    unit: str
    words: frozenset[str]
    """The words near the number, shortened by `labels.name_keys` so that related words are equal."""
    words_before: frozenset[str]
    """The words before the number in its sentence, the previous sentence and the heading, shortened like `words`."""
    is_approximate: bool = False


@dataclass(frozen=True, slots=True)
class FiguresClaim:
    """A claim that states one or more numbers of any kind in one sentence."""

    figures: tuple[Figure, ...]


@dataclass(frozen=True, slots=True)
class RunClaim:
    """A claim that something was run."""

    family: Family | None = None


@dataclass(frozen=True, slots=True)
class TestCaseClaim:
    """A claim that a named test passes or fails."""

    name: str
    passes: bool
    includes_others: bool = False
    """True if the claim is also about other tests: `test_cut and its siblings pass`."""


@dataclass(frozen=True, slots=True)
class PairClaim:
    """A claim that a value differs from the expected one, such as `gets 28 instead of 29`."""

    actual: str
    expected: str


@dataclass(frozen=True, slots=True)
class OperationClaim:
    """A claim that an operation, such as a rebase, was done or succeeded."""

    name: str
    command: str
    """A pattern that matches the commands that do the operation."""


@dataclass(frozen=True, slots=True)
class OutputClaim:
    """A claim that a command printed certain lines."""

    lines: tuple[str, ...]
    is_shown: bool = True
    """False if the message does not clearly say that a command printed the lines.

    The claim is then undecidable if no recorded output contains the lines.
    """


@dataclass(frozen=True, slots=True)
class FileClaim:
    """A claim that a file has certain lines."""

    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class UninterpretedClaim:
    """A passage that a model took for a claim, but that no rule can interpret; it is undecidable."""


ClaimContent = (
    UninterpretedClaim
    | TestsClaim
    | ExitCodeClaim
    | CheckClaim
    | ValueClaim
    | FiguresClaim
    | RunClaim
    | TestCaseClaim
    | PairClaim
    | OperationClaim
    | OutputClaim
    | FileClaim
)


@dataclass(frozen=True, slots=True)
class InterpretedClaim:
    """A claim in a message, with what the rules understand it to say."""

    claim: Claim
    content: ClaimContent
    is_certain: bool = True
    """True if the claim certainly reports a run of this session, not a run elsewhere, a plan or a goal."""
    is_about_earlier: bool = False
    """True if the words around the claim suggest that it is about an earlier state instead of the present one."""
    command: str | None = None
    """The command that the claim names; None if it names none."""
