"""The stored runs: programs, and what each of them printed with each seed."""

import json
import lzma
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Self

HERE = Path(__file__).parent
STORED = HERE / "runs.json.xz"


@dataclass(frozen=True, slots=True)
class Run:
    """One real run that finished."""

    seed: int
    seconds: float
    stdout: str
    output: str
    """What was printed on both streams, in order of arrival."""


@dataclass(frozen=True, slots=True)
class RealRuns:
    """All runs that were collected."""

    machines: list[str] = field(default_factory=list)
    """Machine, time and versions of each collection."""
    programs: dict[str, str] = field(default_factory=dict)
    """The sources of the programs, by name. Each name begins with that of the data set."""
    runs: dict[str, list[Run]] = field(default_factory=dict)
    """The runs of each program in the order of their seeds, by the program's name."""

    @classmethod
    def load(cls, path: Path = STORED) -> Self:
        """Read the stored runs; empty if there are none."""
        if not path.exists():
            return cls()
        stored = json.loads(lzma.decompress(path.read_bytes()))
        runs = {
            name: [Run(**{"output": fields["stdout"], **fields}) for fields in stored_runs]
            for name, stored_runs in stored["runs"].items()
        }
        return cls(stored["machines"], stored["programs"], runs)

    def store(self, path: Path = STORED) -> None:
        """Store the runs. If nothing was printed on standard error, the output is stored only once."""
        runs = {name: [_compact_fields(run) for run in program_runs] for name, program_runs in self.runs.items()}
        text = json.dumps({"machines": self.machines, "programs": self.programs, "runs": runs}, indent=0)
        new_file = path.with_suffix(".new")
        new_file.write_bytes(lzma.compress(text.encode(), preset=9))
        new_file.rename(path)

    @property
    def count(self) -> int:
        return sum(len(program_runs) for program_runs in self.runs.values())


def _compact_fields(run: Run) -> dict[str, object]:
    fields = asdict(run)
    if run.output == run.stdout:
        del fields["output"]
    return fields
