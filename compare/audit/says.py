"""What a claim says, read out of its words: values only."""

from dataclasses import dataclass
from typing import Literal

from gedanken.experiment.claim import Claim

Family = Literal["tests", "build", "lint", "types", "format", "program"]


@dataclass(frozen=True, slots=True)
class TestsSay:
    """A claim about the result of tests."""

    __test__ = False
    passed: int | None = None
    failed: int | None = None
    skipped: int | None = None
    total: int | None = None
    all_pass: bool = False
    """True if the claim says that nothing failed."""
    whole: bool = False
    """True if the claim is about all tests that exist."""
    limited: bool = False
    """True if the claim is about some of the tests only, or names an exception."""
    named: bool = False
    """True if the claim is about one command or file: only runs of that carry it."""


@dataclass(frozen=True, slots=True)
class ExitSays:
    """A claim about the exit code of a command."""

    code: int


@dataclass(frozen=True, slots=True)
class CheckSays:
    """A claim about the result of a build or a check."""

    family: Family
    tool: str | None
    clean: bool
    errors: int | None = None


@dataclass(frozen=True, slots=True)
class ValueSays:
    """A number with what it is of: a metric, a time, a size, a count, a version."""

    what: Literal["metric", "time", "size", "count", "version", "quantity", "setting"]
    name: str
    """The metric's or program's name, or what is counted; of a quantity its concepts, of a setting its key."""
    value: str
    unit: str = ""
    about: bool = False
    """Whether it is said to be approximate."""


@dataclass(frozen=True, slots=True)
class RunSays:
    """A claim that something was run."""

    family: Family | None = None


@dataclass(frozen=True, slots=True)
class OutputSays:
    """Lines that a command is said to have printed."""

    lines: tuple[str, ...]
    is_shown: bool = True
    """Whether the words around it say that it was really printed."""


@dataclass(frozen=True, slots=True)
class FileSays:
    """Lines that a file is said to have."""

    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class UnreadSays:
    """Something that a model pointed at, and that no rule reads."""


Says = UnreadSays | TestsSay | ExitSays | CheckSays | ValueSays | RunSays | OutputSays | FileSays


@dataclass(frozen=True, slots=True)
class Spotted:
    """A claim with what it says."""

    claim: Claim
    says: Says
    firm: bool = True
    """Whether it surely reports a run of this session."""
    earlier: bool = False
    """Whether it speaks of a state before the present one."""
    command: str | None = None
