"""The stored runs: programs, and what each printed under each seed."""

import json
import lzma
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Self

HERE = Path(__file__).parent
STORED = HERE / "runs.json.xz"


@dataclass(frozen=True, slots=True)
class Run:
    """One real run that came to its end."""

    seed: int
    seconds: float
    stdout: str
    output: str
    """Both streams in order of arrival."""


@dataclass(frozen=True, slots=True)
class RealRuns:
    """Everything that was collected."""

    machines: list[str] = field(default_factory=list)
    """Where and when, with the versions."""
    programs: dict[str, str] = field(default_factory=dict)
    """Sources, by name; a name begins with its data set."""
    runs: dict[str, list[Run]] = field(default_factory=dict)
    """By name of the program, in the order of seeds."""

    @classmethod
    def load(cls, path: Path = STORED) -> Self:
        """Read what was stored; nothing where nothing is."""
        if not path.exists():
            return cls()
        stored = json.loads(lzma.decompress(path.read_bytes()))
        runs = {
            name: [Run(**{"output": one["stdout"], **one}) for one in some] for name, some in stored["runs"].items()
        }
        return cls(stored["machines"], stored["programs"], runs)

    def store(self, path: Path = STORED) -> None:
        """Write it down, small: an output that is all standard output stands there once."""
        runs = {name: [_small(run) for run in some] for name, some in self.runs.items()}
        text = json.dumps({"machines": self.machines, "programs": self.programs, "runs": runs}, indent=0)
        made = path.with_suffix(".new")
        made.write_bytes(lzma.compress(text.encode(), preset=9))
        made.rename(path)

    @property
    def count(self) -> int:
        """Runs in all."""
        return sum(len(some) for some in self.runs.values())


def _small(run: Run) -> dict[str, object]:
    fields = asdict(run)
    if run.output == run.stdout:
        del fields["output"]
    return fields
