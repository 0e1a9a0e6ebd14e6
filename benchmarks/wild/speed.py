"""How long does a comparison of many or long logs take, compared with `git diff` and another revision of this code?

    python -m benchmarks.wild.speed [--beside REVISION] [--only NAME ...] [--limit 600]

Each comparison runs in its own process, as a user starts it. So does `git diff --no-index --histogram` of the folder
of real logs and the folder of imagined ones. All are measured in turn on the same machine. The table shows seconds of
processor time, which other work on the machine hardly changes, and the peak memory. The other revision is checked out
in a temporary worktree. A command that runs for more than `--limit` seconds is killed.
"""

import argparse
import os
import random
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory, TemporaryFile
from threading import Timer

HERE = Path(__file__).parents[2]
COMPARE = "from gedanken.cli.main import main; main()"


def steps(rng: random.Random) -> Iterator[str]:
    """Yield the lines of a training with many steps."""
    for step in range(300_000):
        loss = 3 + 4 / (1 + step / 9000) + rng.gauss(0, 0.05)
        elapsed = step * 98.3 + rng.gauss(0, 20)
        yield (
            f"step:{step}/300000 train_loss:{loss:.4f} train_time:{elapsed:.0f}ms "
            f"step_avg:{elapsed / (step + 1):.2f}ms"
        )


def hexes(rng: random.Random) -> Iterator[str]:
    """Yield lines that each contain a hexadecimal identifier."""
    for _ in range(50_000):
        yield f"req {rng.getrandbits(64):016x} took {abs(rng.gauss(9, 2)):.1f}ms"


def words(rng: random.Random) -> Iterator[str]:
    """Yield lines that each contain a hexadecimal identifier and a random word, so that no two have the same form."""
    for _ in range(50_000):
        user = "".join(rng.choice("abcdefgh") for _ in range(6))
        yield f"req {rng.getrandbits(64):016x} user {user} took {abs(rng.gauss(9, 2)):.1f}ms"


def wide(rng: random.Random) -> Iterator[str]:
    """Yield lines that each contain hundreds of numbers."""
    for _ in range(3_000):
        yield " ".join(f"{rng.gauss(0, 1):.6f}" for _ in range(400))


def short(rng: random.Random) -> Iterator[str]:
    """Yield the lines of a few epochs."""
    for epoch in range(5):
        yield f"epoch {epoch} loss {2.3 * 0.6**epoch + rng.gauss(0, 0.02):.4f}"


@dataclass(frozen=True, slots=True)
class Load:
    """The logs of one comparison, with a target for its time."""

    name: str
    lines: Callable[[random.Random], Iterator[str]]
    real: int
    imagined: int
    target: float | None
    """Target in seconds of processor time; None if there is no target."""

    def write(self, folder: Path) -> None:
        """Write the real and the imagined logs, each side into its own folder."""
        for side, count, first in (("real", self.real, 0), ("imagined", self.imagined, self.real)):
            (folder / side).mkdir(parents=True)
            for index in range(count):
                lines = self.lines(random.Random(first + index))
                (folder / side / f"{index:04d}.log").write_text("\n".join(lines) + "\n")


LOADS = (
    Load("5 × 300,000 lines", steps, 3, 2, 20),
    Load("5 × 50,000 lines with hex ids", hexes, 3, 2, 10),
    Load("5 × 50,000 lines with hex ids and random words", words, 3, 2, None),
    Load("5 × 3,000 lines of 400 floats", wide, 3, 2, 10),
    Load("1,000 × 5 lines beside 1,000", short, 1000, 1000, 20),
)


def main(arguments: argparse.Namespace) -> None:
    """Measure every load and print the table."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory()))
        worktree = stack.enter_context(_worktree(arguments.beside)) if arguments.beside else None
        beside = f" {arguments.beside} | ratio |" if worktree else ""
        print(f"| logs | seconds | by the clock | memory | asked for |{beside} git diff | ratio |")
        print(f"|---|---|---|---|---|{'---|---|' if worktree else ''}---|---|")
        for load in LOADS:
            if arguments.only and not any(word in load.name for word in arguments.only):
                continue
            logs = folder / load.name
            load.write(logs)
            started = time.monotonic()
            ours, mib = _measure(_compare(logs), HERE, arguments.limit)
            target = f"< {load.target:g} s" if load.target else "–"
            cells = [
                load.name,
                _format_seconds(ours),
                _format_seconds(time.monotonic() - started),
                f"{mib:.0f} MiB",
                target,
            ]
            if worktree:
                theirs, _mib = _measure(_compare(logs), worktree, arguments.limit)
                cells += [_format_seconds(theirs), _format_ratio(ours, theirs)]
            git = ["git", "diff", "--no-index", "--histogram", str(logs / "real"), str(logs / "imagined")]
            git_seconds, _mib = _measure(git, HERE, arguments.limit)
            print(
                f"| {' | '.join([*cells, _format_seconds(git_seconds), _format_ratio(ours, git_seconds)])} |",
                flush=True,
            )


def _compare(logs: Path) -> list[str]:
    """Return the command that compares the logs.

    It names each log, because an older revision may be unable to read folders.
    """
    real, imagined = (sorted(map(str, (logs / side).iterdir())) for side in ("real", "imagined"))
    return [sys.executable, "-c", COMPARE, "compare", *real, "--imagined", *imagined]


def _measure(command: Sequence[str], place: Path, limit: float) -> tuple[float | None, float]:
    """Run a command; return its seconds of processor time and its peak memory in MiB.

    The seconds are None if the command ran longer than `limit` seconds and was killed.
    """
    with TemporaryFile() as errors:
        process = subprocess.Popen(command, cwd=place, stdout=subprocess.DEVNULL, stderr=errors)
        timer = Timer(limit, process.kill)
        timer.start()
        _pid, status, usage = os.wait4(process.pid, 0)
        timer.cancel()
        code = process.returncode = os.waitstatus_to_exitcode(status)
        if command[0] != "git" and code > 0:
            errors.seek(0)
            raise RuntimeError(errors.read().decode(errors="replace"))
    return None if code < 0 else usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


@contextmanager
def _worktree(revision: str) -> Iterator[Path]:
    with TemporaryDirectory() as folder:
        place = Path(folder) / "code"
        subprocess.run(["git", "worktree", "add", "--quiet", "--detach", place, revision], cwd=HERE, check=True)
        try:
            yield place
        finally:
            subprocess.run(["git", "worktree", "remove", "--force", place], cwd=HERE, check=True)


def _format_seconds(seconds: float | None) -> str:
    return "longer" if seconds is None else f"{seconds:.1f} s"


def _format_ratio(ours: float | None, theirs: float | None) -> str:
    return "–" if ours is None or theirs is None else f"{ours / theirs:.2f}"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--beside", metavar="REVISION", help="an earlier revision of this repository to measure as well"
    )
    parser.add_argument("--only", nargs="+", metavar="WORD", help="only loads whose name contains one of these words")
    parser.add_argument("--limit", type=float, default=600, help="time limit for each load, in seconds")
    main(parser.parse_args())
