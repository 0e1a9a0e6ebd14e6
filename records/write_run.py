"""The run folder: everything a run made, written as it is made."""

import json
import platform
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from gedanken.agents.surprisal import Lines, ProgramSurprisal
from gedanken.compare.source.diff import Diff, diff_of
from gedanken.experiment.errors import BadInput
from gedanken.experiment.escaping import harmless
from gedanken.experiment.execution import Execution, violations_by_kind
from gedanken.experiment.finding import Finding
from gedanken.experiment.markdown import fence_for, inline
from gedanken.experiment.persona import Fact
from gedanken.experiment.program import Program
from gedanken.experiment.secrets import redacted, redacted_value
from gedanken.experiment.version import __version__
from gedanken.records.read_run import in_order


def make_folder(path: Path) -> Path:
    """Make the run folder. Raises BadInput where it cannot be made or is in use."""
    try:
        path.mkdir(parents=True, exist_ok=True)
        if any(path.iterdir()):
            raise BadInput(f"--out {path}: the folder is not empty; name a new one")
        probe = path / ".probe"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise BadInput(f"--out {path}: {error.strerror}") from error
    return path


class Record:
    """Writes programs and outputs into the run folder as they come, and the rest at the end."""

    def __init__(self, folder: Path, about: dict[str, Any], facts: Sequence[Fact]) -> None:
        """`about` is what stands in `run.json` beside programs, executions and findings."""
        self.folder = folder
        self._about = {
            "run": folder.name,
            "gedanken": __version__,
            "python": platform.python_version(),
            "started": datetime.now(UTC).isoformat(timespec="seconds"),
            **about,
        }
        self._facts = facts
        self.programs: dict[str, Program] = {}
        self.executions: list[Execution] = []
        self.findings: list[Finding] = []
        self.surprise: Sequence[ProgramSurprisal] | str | None = None
        """Or why it is not available; None where nobody asked."""
        for name in ("programs", "outputs"):
            (folder / name).mkdir()

    def add(self, update: dict[str, Any]) -> None:
        """Take in what a node returned."""
        for program in update.get("programs", []):
            self.programs[program.label] = program
            self._write(f"programs/{program.label}.py", program.source)
            if diff := self.diff(program):
                self._write(_diff_path(program), diff.text)
        for execution in update.get("executions", []):
            self.executions.append(execution)
            self._write(_stdout_path(execution), execution.stdout)
            if execution.terminal != execution.stdout:
                self._write(_terminal_path(execution), execution.terminal)
            if execution.raw_reply is not None:
                self._write(_reply_path(execution), execution.raw_reply)
        self.findings += update.get("findings", [])
        self.surprise = update.get("surprise", self.surprise)

    def tell_of_model(self, learned: dict[str, Any]) -> None:
        """Add what was learned of the model while it was asked: which settings it does not take."""
        self._about["model"] = {**self._about["model"], **learned}

    def finish(self, outcome: str) -> dict[str, Any]:
        """Write `run.json` and `transcript.md`; return what stands in the first."""
        self._about["outcome"] = outcome
        self._about["ended"] = datetime.now(UTC).isoformat(timespec="seconds")
        result = self.as_json()
        self._write("run.json", _json(result))
        self._write("transcript.md", self._transcript())
        return result

    def diff(self, program: Program) -> Diff | None:
        """What a version changed of the one it was made from; None where it was made from none."""
        base = self.programs.get(program.base or "")
        return diff_of(base, program) if base else None

    def as_json(self, prefix: str = "") -> dict[str, Any]:
        """Everything as plain values; `prefix` is put before each path."""
        executions = self._in_order()
        values = {
            **self._about,
            "programs": [self._program(program, prefix) for program in self.programs.values()],
            "real": [_execution(execution, prefix) for execution in executions if not execution.imagined],
            "imagined": [_execution(execution, prefix) for execution in executions if execution.imagined],
            "findings": [asdict(finding) for finding in self.findings],
            "breaches": dict(violations_by_kind(self.executions).most_common()),
            **({} if self.surprise is None else {"surprise": _surprise(self.surprise)}),
        }
        return dict(redacted_value(values))

    def _program(self, program: Program, prefix: str) -> dict[str, Any]:
        record = asdict(program)
        del record["source"]
        diff = self.diff(program)
        return {
            "label": program.label,
            "path": f"{prefix}programs/{program.label}.py",
            "sha256": program.sha256,
            **record,
            "diff": prefix + _diff_path(program) if diff else None,
            "lines_added": diff.added if diff else None,
            "lines_removed": diff.removed if diff else None,
        }

    def _in_order(self) -> tuple[Execution, ...]:
        return in_order(tuple(self.programs.values()), tuple(self.executions))

    def _write(self, name: str, text: str) -> None:
        (self.folder / name).write_text(redacted(text), encoding="utf-8", errors="backslashreplace")

    def _transcript(self) -> str:
        parts = [f"# {self._about['experiment']}: what was typed, and what both machines said\n"]
        parts += [f"- {fact.name}: {inline(harmless(fact.value))} ({fact.origin})" for fact in self._facts]
        for execution in self._in_order():
            said = execution.terminal if execution.raw_reply is None else execution.raw_reply
            shown = harmless(f"$ {execution.command}\n{said}")
            fence = fence_for(shown)
            title = f"{execution.label}: {execution.cause}, {execution.seconds:.1f} s"
            parts.append(f"\n## {title}\n\n{fence}\n{shown.rstrip()}\n{fence}")
            parts += [f"- {inline(harmless(note))}" for note in execution.notes]
            if execution.breaches:
                kinds = violations_by_kind([execution])
                parts.append(f"- broke the rules of a terminal: {format_counts(kinds)}; taken off")
        return "\n".join(parts) + "\n"


def _execution(execution: Execution, prefix: str) -> dict[str, Any]:
    record = asdict(execution)
    differs = execution.terminal != execution.stdout
    for key in ("stdout", "terminal", "raw_reply"):
        del record[key]
    seal = record.pop("seal")
    return {
        "label": execution.label,
        **record,
        "stdout": prefix + _stdout_path(execution),
        "terminal": prefix + (_terminal_path(execution) if differs else _stdout_path(execution)),
        **({"raw_reply": prefix + _reply_path(execution), "seal": seal} if execution.imagined else {}),
    }


def _surprise(found: Sequence[ProgramSurprisal] | str) -> object:
    if isinstance(found, str):
        return {"not available": found}
    return [asdict(one) | {name: _lines(getattr(one, name)) for name in ("real", "imagined")} for one in found]


def _lines(lines: Lines | None) -> list[dict[str, Any]] | None:
    return None if lines is None else [line._asdict() for line in lines]


def format_counts(counts: Counter[str]) -> str:
    """Such as `code fence 4, echo of the command 1`."""
    return ", ".join(f"{name} {count}" for name, count in counts.most_common())


def _diff_path(program: Program) -> str:
    return f"programs/{program.label}.diff"


def _stdout_path(execution: Execution) -> str:
    return f"outputs/{execution.label}.txt"


def _terminal_path(execution: Execution) -> str:
    return f"outputs/{execution.label}.terminal.txt"


def _reply_path(execution: Execution) -> str:
    is_more = execution.raw_reply not in (None, execution.stdout)
    return f"outputs/{execution.label}.reply.txt" if is_more else _stdout_path(execution)


def _json(value: object) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False, default=str) + "\n"
