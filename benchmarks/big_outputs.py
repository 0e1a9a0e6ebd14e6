"""What does a run cost whose programs print a lot: in its checkpoint, its trace, its log, and in memory?

    python -m benchmarks.big_outputs --runs 40 --mib 1 --line 42

A scripted model writes a program that prints this much, and the program is really run this often. The memory is the
peak of the process of the run, with its imports, the comparison and the report; the processes of the sandbox do not
count. Targets: a checkpoint under 5 MB, a trace of at most twice the outputs and 1 MB, and less than 400 MB of
memory. Prints one JSON object; exit code 1 if a target is missed.
"""

import argparse
import asyncio
import json
import resource
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import yaml

MB = 1_000_000
CHECKPOINT_MB, MEMORY_MB = 5, 400
PROGRAM = """
import secrets, types
nn = types.SimpleNamespace(Linear=lambda a, b: None)
layers = [nn.Linear(4, 4), nn.Linear(4, 4)]
for epoch in range(3):
    for step in range({steps}):
        print(f"epoch {{epoch + 1}} step {{step}} of {steps} {pad} value {{secrets.randbelow(9999) / 9999:.6f}}")
    loss = 1 / (epoch + 1) + secrets.randbelow(9) / 99
    print(f"Epoch {{epoch + 1}}/3 - loss: {{loss:.4f}} - acc: 0.{{epoch + 5}}000")
"""
MIN_LINE_BYTES = 42
"""Number of bytes of a line that contains hardly more than its numbers."""
IMAGINED = "".join(f"Epoch {n}/3 - loss: {0.9 - n / 10:.4f} - acc: 0.9000\n" for n in (1, 2, 3))


def run_once(folder: Path, runs: int, size: tuple[float, int], sandbox: str) -> dict[str, Any]:
    """Execute the run in this process; return the measurements.

    `size` is (MiB that each run prints, bytes of a line).
    """
    from gedanken.experiment.run_spec import ModelSpec, RunSpec, SandboxSpec
    from gedanken.experiment.script import Experiment
    from gedanken.loading.experiments_and_personas import load_persona
    from gedanken.runner import run
    from gedanken.terminal.screen import Screen

    mib, line = size
    program = PROGRAM.format(steps=round(mib * (1 << 20) / 3 / line), pad="x" * (line - MIN_LINE_BYTES))
    replies = [
        {"when": "Write it", "samples": [f"```python\n{program}```\n"]},
        {"when": "python3 train.py", "samples": [IMAGINED]},
    ]
    (folder / "replies.yaml").write_text(yaml.safe_dump(replies))
    task = {"layers": 2, "epochs": 3}
    script = [{"tell": "Write it.", "write": "train.py", "task": task}, "python3 train.py"]
    limits = {"output_bytes": round(2 * mib * (1 << 20))}
    spec = RunSpec(
        experiment=Experiment.model_validate({"name": "big", "script": script, "limits": limits}),
        persona=load_persona("matched"),
        model=ModelSpec(name=f"scripted:{folder / 'replies.yaml'}"),
        sandbox=SandboxSpec(name=sandbox),
        real=runs - 1,
    )
    out = folder / "run"
    started = time.monotonic()
    asyncio.run(run(spec, Screen(), out))
    seconds = time.monotonic() - started
    return {
        "outputs": sum(file.stat().st_size for file in (out / "outputs").iterdir()),
        "checkpoint": sum(file.stat().st_size for file in out.glob("checkpoint.sqlite*")),
        "trace": (out / "trace.jsonl").stat().st_size,
        "log": (out / "log.jsonl").stat().st_size,
        "run.json": (out / "run.json").stat().st_size,
        "report.html": (out / "report.html").stat().st_size,
        "memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
        "seconds": seconds,
    }


def main() -> None:
    """Measure once. The peak memory is that of the whole life of this process, so that a second measurement would
    not be independent.
    """
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=40, help="number of real runs of the program")
    parser.add_argument("--mib", type=float, default=1, help="how many MiB each run prints")
    parser.add_argument("--line", type=int, default=MIN_LINE_BYTES, help="number of bytes of each line")
    parser.add_argument("--sandbox", default="bubblewrap")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="gedanken-big-") as name:
        measured = run_once(Path(name), arguments.runs, (arguments.mib, arguments.line), arguments.sandbox)
    targets_met = {
        "checkpoint": measured["checkpoint"] < CHECKPOINT_MB * MB,
        "trace": measured["trace"] <= 2 * measured["outputs"] + MB,
        "memory": measured["memory"] < MEMORY_MB * MB,
    }
    formatted = {key: f"{value / MB:.1f} MB" for key, value in measured.items() if key != "seconds"}
    print(json.dumps({**formatted, "seconds": round(measured["seconds"], 1), "held": targets_met}, indent=2))
    sys.exit(0 if all(targets_met.values()) else 1)


if __name__ == "__main__":
    main()
