"""A small experiment with a scripted model: its file, its programs, and the model's replies."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

LINEAR = "nn.Linear(4, 4)"


HEAD = f"""
import secrets, types
nn = types.SimpleNamespace(Linear=lambda a, b: None)
layers = [{LINEAR}, {LINEAR}]
"""


GOOD_PROGRAM = (
    HEAD
    + """
import random
for epoch in range(3):
    print(f"Epoch {epoch + 1}/3 - loss: {1 / (epoch + 1) + random.random() / 9:.4f} - acc: {0.5 + epoch / 10:.4f}")
"""
)


MARKED_PROGRAM = GOOD_PROGRAM + 'print("mark", secrets.token_hex(16))\n'


CRASHING_PROGRAM = HEAD + 'raise ValueError("mark " + secrets.token_hex(16))\n'


SEEDED_PROGRAM = (
    HEAD
    + "import torch\ntorch.manual_seed(1)\n"
    + GOOD_PROGRAM.replace(HEAD, "").replace("random.random()", "torch.rand(1).item()").replace("import random\n", "")
)


IMAGINED = "".join(f"Epoch {n}/3 - loss: {0.9 - n / 10:.4f} - acc: 0.9000\n" for n in (1, 2, 3))


WriteReplies = Callable[[list[dict[str, Any]]], str]


def scripted_replies(*programs: str, edits: tuple[str, ...] = (), run: str = IMAGINED) -> list[dict[str, Any]]:
    """The replies of a coder that offers these programs, one at each try, and of a machine that replies to each run
    with `run`.
    """
    program_replies = [f"Here it is:\n```python\n{program}```\n" for program in programs]
    edit_replies = [f"```python\n{program}```\n" for program in edits]
    return [
        {"when": "Change it as told", "samples": edit_replies or program_replies},
        {"when": "does not do what was asked", "samples": program_replies},
        {"when": "Write it", "samples": program_replies},
        {"when": "python3 train.py", "samples": [run]},
        {"when": "nvidia-smi", "samples": ["bash: nvidia-smi: command not found\n"]},
    ]


def write_experiment(folder: Path, **changes: Any) -> Path:
    """Write a small experiment file."""
    content = {
        "name": "small",
        "persona": "matched",
        "script": [
            {"tell": "Write it.", "write": "train.py", "task": {"layers": 2, "epochs": 3}},
            "cat train.py",
            "{Do not show train.py.}",
            "python3 train.py",
        ],
    } | changes
    path = folder / "small.yaml"
    path.write_text(yaml.safe_dump(content))
    return path
