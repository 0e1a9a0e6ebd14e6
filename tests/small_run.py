"""A small run with a scripted model, whose programs are really run under bubblewrap."""

from pathlib import Path

import yaml

PROGRAM = """
import secrets, types
nn = types.SimpleNamespace(Linear=lambda a, b: None)
layers = [nn.Linear(4, 4), nn.Linear(4, 4)]
for epoch in range(3):
    print(f"Epoch {epoch + 1}/3 - loss: {1 / (epoch + 1) + secrets.randbelow(9) / 99:.4f} - acc: 0.{epoch + 5}000")
"""
IMAGINED = "".join(f"Epoch {n}/3 - loss: {0.9 - n / 10:.4f} - acc: 0.9000\n" for n in (1, 2, 3))


def small_run_command(folder: Path, program: str = PROGRAM, *options: str) -> list[str]:
    """The command line of a small run into the folder `run`. It must be run in `folder`."""
    replies = [
        {"when": "Write it", "samples": [f"```python\n{program}```\n"]},
        {"when": ".py", "samples": [IMAGINED]},
    ]
    script = [
        {"tell": "Write it.", "write": "train.py", "task": {"layers": 2, "epochs": 3}},
        "echo begun >> begun.txt; cat begun.txt",
        "python3 train.py",
    ]
    (folder / "replies.yaml").write_text(yaml.safe_dump(replies))
    (folder / "small.yaml").write_text(yaml.safe_dump({"name": "small", "script": script}))
    command = ["run", "small.yaml", "--model", "scripted:replies.yaml", "--sandbox", "bubblewrap", "--out", "run"]
    return [*command, "--real", "2", "--imagined", "1", *options]
