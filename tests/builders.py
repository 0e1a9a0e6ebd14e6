"""Short functions that make programs and executions for tests."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from gedanken.agents.terminal import infer_exit_code
from gedanken.compare.compare_runs import compare_runs
from gedanken.experiment.execution import Cause, Execution, Origin
from gedanken.experiment.finding import Finding
from gedanken.experiment.program import Program

TRAIN = """\
import torch; import torch.nn as nn; import torch.optim as optim
from torch.utils.data import DataLoader
from torchvision import datasets, transforms

EPOCHS = 3; device = torch.device('cuda' if torch.cuda.is_available() else 'cpu')
train_set = datasets.MNIST('./data', train=True, download=True, transform=transforms.ToTensor())
loader = DataLoader(train_set, batch_size=64, shuffle=True)

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.printed = False
        self.layers = nn.Sequential(nn.Flatten(), nn.Linear(784, 64), nn.ReLU(), nn.Linear(64, 10))

    def forward(self, x):
        if not self.printed:
            print('shape of input is', x.shape)
            self.printed = True
        return self.layers(x)

model = Net().to(device)
criterion = nn.CrossEntropyLoss(); optimizer = optim.Adam(model.parameters(), lr=0.001)
for epoch in range(EPOCHS):
    total_loss = 0; correct = 0
    for x, y in loader:
        out = model(x)
        loss = criterion(out, y)
        total_loss += loss.item()
        correct += (out.argmax(1) == y).sum().item()
    mean_loss = total_loss / len(loader)
    acc = correct / len(train_set)
    print(f'Epoch {epoch + 1}/{EPOCHS} - loss: {mean_loss:.4f} - acc: {acc:.4f}')
"""
"""A program as the coder might write it. Tests parse it and never run it."""

SHAPE = "shape of input is torch.Size([64, 1, 28, 28])\n"
TRACEBACK = """\
Traceback (most recent call last):
  File "/home/user/train.py", line 20, in <module>
    model = Net().to(device)
            ^^^
NameError: name 'Net' is not defined
"""


def program(source: str = TRAIN, version: int = 1) -> Program:
    return Program("train.py", version, source, told="write it", prompt="tell", seed=0)


def lines(losses: Sequence[float], accuracies: Sequence[float] = (), total: int | None = None) -> str:
    """The lines that `TRAIN` prints at the end of its epochs."""
    accuracies = accuracies or [1 - loss / 3 for loss in losses]
    return "".join(
        f"Epoch {epoch}/{total or len(losses)} - loss: {loss:.4f} - acc: {accuracy:.4f}\n"
        for epoch, (loss, accuracy) in enumerate(zip(losses, accuracies, strict=True), start=1)
    )


def real(stdout: str, seed: int = 0, **changes: Any) -> Execution:
    """A real execution of train-v1, finished unless `changes` says otherwise."""
    return _execution("docker", stdout, {"seed": seed, **changes})


def imagined(stdout: str, sample: int = 1, **changes: Any) -> Execution:
    """An imagined execution of train-v1, finished unless `changes` says otherwise."""
    return _execution(
        "imagined", stdout, {"sample": sample, "origin": Origin.IMAGINED, "raw_reply": stdout, **changes}
    )


def seeds(outputs: Iterable[str], **changes: Any) -> list[Execution]:
    """A real execution for each output. The first is the trunk (seed 0), the others have seeds from 1 on."""
    return [real(stdout, seed, **changes) for seed, stdout in enumerate(outputs)]


def answer(command: str, text: str, *, by_model: bool = False, **changes: Any) -> Execution:
    """The execution of an ordinary command, imagined if `by_model` is True and otherwise real."""
    origin_fields: dict[str, Any] = (
        {"sample": 0, "origin": Origin.IMAGINED, "raw_reply": text} if by_model else {"seed": 0}
    )
    defaults = {"command": command, "program": None, "line": -1}
    return _execution("imagined" if by_model else "docker", text, {**defaults, **origin_fields, **changes})


def with_exit_code(execution: Execution, cause: Cause = Cause.FINISHED) -> Execution:
    """The execution with the exit code and cause that are inferred from its output, as for an imagined run. If
    `cause` is CUT, the output counts as cut off; any other `cause` is ignored.
    """
    exit_code, shown_cause = infer_exit_code(execution.stdout, cut=cause is Cause.CUT)
    return replace(execution, exit_code=exit_code, cause=shown_cause)


def find_differences(*arguments: Any, **keywords: Any) -> tuple[Finding, ...]:
    """The findings of `compare_runs`, called with the same arguments."""
    return compare_runs(*arguments, **keywords).findings


def kinds(findings: Sequence[Finding]) -> list[str]:
    return [finding.check for finding in findings]


def _execution(machine: str, stdout: str, changes: dict[str, Any]) -> Execution:
    fields: dict[str, Any] = {
        "command": "python3 train.py",
        "exit_code": 0,
        "cause": Cause.FINISHED,
        "seconds": 8.0,
        "terminal": stdout,
        "line": 0,
        "program": "train-v1",
    }
    return Execution(machine=machine, stdout=stdout, **(fields | changes))


LOOP_PROGRAM = """\
def show(x):
    # say it once
    print('it is', x)

for turn in range(3):
    show(turn)
"""
"""A program that prints in a function that is called three times. Its comment may mislead a model into printing only
once.
"""
