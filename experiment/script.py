"""Experiments: a persona and a script."""

import re
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from gedanken.experiment.conditions import Conditions
from gedanken.experiment.execution import Limits
from gedanken.experiment.typed_line import read_line

FILE_NAME = r"^[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}\.py$"
_RUNS_PYTHON = re.compile(r"\bpython[0-9.]*\s+(?:-u\s+)?(?:\./)?(?P<file>[A-Za-z0-9_][A-Za-z0-9_.-]*\.py)\b")


class Task(BaseModel):
    """What a program must do. The coder gets the task as a checklist, and the program is checked against it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    layers: int = Field(ge=1, le=64)
    """Number of layers with weights."""
    epochs: int = Field(ge=1, le=10_000)
    batch_size: int | None = Field(default=None, ge=1, le=1 << 20)
    """Number of images in each training step; None if the coder may choose."""
    learning_rate: float | None = Field(default=None, gt=0, allow_inf_nan=False)
    """Learning rate that the optimizer must use; None if the coder may choose. If the rate is too large or too small
    to learn anything, also set `learns` to false.
    """
    learns: bool = True
    """True if the loss must fall and the accuracy must clearly exceed the share of the most frequent class."""
    shape_print: bool = False
    """True if `forward` must print the shape of its input."""
    all_gpus: bool = False
    """True if the program must use every GPU it finds."""


class ScriptLine(BaseModel):
    """One line of a script. In YAML, `nvidia-smi` is a command, and `{make it faster}` is text for the model."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    type: str | None = None
    """A command that is typed into both machines, the real one and the imagined one."""
    tell: str | None = None
    """Text that is told to the model."""
    write: str | None = Field(default=None, pattern=FILE_NAME)
    """Name of a file that the coder must write, as described in `tell`."""
    edit: str | None = Field(default=None, pattern=FILE_NAME)
    """Name of a file that the coder must change, as described in `tell`."""
    task: Task | None = None
    give: str | None = Field(default=None, pattern=FILE_NAME)
    """Name of a file that is put on both machines with the content of `source`. The coder neither writes nor fixes
    it.
    """
    program: str | None = None
    """Where the source of the `give` file comes from: a packaged program, or a path relative to the experiment file.
    """
    change: str | None = None
    """Name of the change that is made to `program`, for example `learning rate x10`; None for no change."""
    source: str | None = None
    """The content of the `give` file. If `program` is set, this field is filled in when the experiment is loaded."""

    @model_validator(mode="before")
    @classmethod
    def _parse_text(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        line = read_line(value.strip())
        if line.kind == "open":
            raise ValueError("a line that begins with { must end with the matching }; to type a literal {, write \\{")
        return {"tell" if line.kind == "tell" else "type": line.text}

    @model_validator(mode="after")
    def _check_fields(self) -> Self:
        if self.give is not None:
            return self._check_given_file()
        if self.program is not None or self.change is not None or self.source is not None:
            raise ValueError("`program`, `change` and `source` are allowed only beside `give`")
        if (self.type is None) == (self.tell is None):
            raise ValueError("a script line needs either `type` or `tell`, but not both")
        if not (self.type or self.tell or "").strip():
            raise ValueError("a script line must not be empty")
        if self.file and self.tell is None:
            raise ValueError("`write` and `edit` are allowed only beside `tell`")
        if self.write and self.edit:
            raise ValueError("a script line cannot both write and edit")
        if bool(self.file) != bool(self.task):
            raise ValueError("a line with `write` or `edit` needs a `task`, and no other line may have a `task`")
        return self

    def _check_given_file(self) -> Self:
        if any((self.type, self.tell, self.file, self.task)):
            raise ValueError("beside `give`, a line may have only `program` (with or without `change`) or `source`")
        if (self.program is None) == (self.source is None):
            raise ValueError("`give` needs the program that it gives: add `program` or `source`")
        if self.change is not None and self.program is None:
            raise ValueError("`change` is allowed only beside `program`")
        return self

    @property
    def file(self) -> str | None:
        """The file that the coder must write or change; None if the line does not ask the coder."""
        return self.write or self.edit

    @property
    def runs(self) -> str | None:
        """The program file that this line runs; None if it runs none."""
        match = _RUNS_PYTHON.search(self.type or "")
        return match["file"] if match else None


class Experiment(BaseModel):
    """A persona, a data set and a script."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")
    about: str = ""
    persona: str = "matched"
    """Name of a packaged persona, or a path to a YAML file."""
    dataset: Literal["mnist", "cifar10"] = "mnist"
    script: tuple[ScriptLine, ...] = Field(min_length=1, max_length=200)
    limits: Limits = Limits()
    conditions: Conditions = Conditions()

    @model_validator(mode="after")
    def _check_file_order(self) -> Self:
        created_files: set[str] = set()
        given_files: set[str] = set()
        for number, line in enumerate(self.script, start=1):
            used_file = line.edit or line.runs
            if used_file and used_file not in created_files:
                raise ValueError(f"script line {number} uses {used_file}, which no earlier line writes or gives")
            if line.edit in given_files:
                raise ValueError(
                    f"script line {number} lets the coder edit {line.edit}, which the script supplies with `give`; "
                    "the coder can only edit a file that it wrote"
                )
            if line.write:
                created_files.add(line.write)
                given_files.discard(line.write)
            if line.give:
                created_files.add(line.give)
                given_files.add(line.give)
        for name in created_files - {line.runs for line in self.script}:
            raise ValueError(f"the script writes {name} but never runs it: add the line `python3 {name}`")
        return self

    def texts_before(self, index: int) -> tuple[str, ...]:
        """Return the texts that the model is told in the script lines directly before the line at `index`."""
        tells: list[str] = []
        for line in reversed(self.script[:index]):
            if line.tell is None or line.file:
                break
            tells.append(line.tell)
        return tuple(reversed(tells))

    def task_at(self, index: int) -> Task | None:
        """Return the task of the program that the line at `index` runs, writes or edits; None if there is none."""
        name = self.script[index].runs or self.script[index].file
        for line in reversed(self.script[: index + 1]):
            if name and name in (line.file, line.give):
                return line.task
        return None

    def next_step(self, previous: int) -> int | None:
        """Return the index of the next line after `previous` that needs work; None if there is none.

        A line needs work if it is a command, or if it writes, edits or supplies a file.
        """
        for index in range(previous + 1, len(self.script)):
            line = self.script[index]
            if line.type is not None or line.file or line.give:
                return index
        return None
