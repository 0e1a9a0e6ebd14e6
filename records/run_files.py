"""Names and writes the files of a run folder, and builds the log events that refer to them."""

import json
import os
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

from gedanken.experiment.escaping import harmless
from gedanken.experiment.execution import Execution, violations_by_kind
from gedanken.experiment.files import flush_folder, name_in_errors
from gedanken.experiment.markdown import fence_for, to_one_line
from gedanken.experiment.program import Program
from gedanken.experiment.run_log import ExecutionKept, ProgramKept, RunLog
from gedanken.experiment.secrets import redacted

LOG, SPEC, RUN_VIEW = "log.jsonl", "spec.json", "run.json"
TEXTS = ("stdout", "terminal", "raw_reply")


def write_file(path: Path, text: str | Iterable[str], *, flush_to_disk: bool) -> int:
    """Write a file completely or not at all, and return its size in bytes. A long text may come in parts.

    If `flush_to_disk` is True, the file is on the disk when the call returns.
    """
    temporary = path.with_name(f".{path.name}.new")
    # A dead process may have left it. It may also be a link, through which another file would be changed.
    temporary.unlink(missing_ok=True)
    try:
        with name_in_errors(path), temporary.open("x", encoding="utf-8", errors="backslashreplace") as file:
            for part in [text] if isinstance(text, str) else text:
                file.write(redacted(part))
            file.flush()
            if flush_to_disk:
                os.fsync(file.fileno())
            size = os.fstat(file.fileno()).st_size
        temporary.replace(path)
        if flush_to_disk:
            flush_folder(path.parent)
        return size
    except OSError:
        temporary.unlink(missing_ok=True)
        raise


def program_event(program: Program) -> ProgramKept:
    """Return the event that records a program in the log."""
    values = asdict(program)
    del values["source"]
    return ProgramKept(program=values, path=program_path(program))


def execution_event(execution: Execution, sizes: dict[str, int]) -> ExecutionKept:
    """Return the log event of an execution; `sizes` holds the bytes of its files, by path."""
    values = asdict(execution)
    for name in TEXTS:
        del values[name]
    return ExecutionKept(execution=values, files=text_paths(execution), sizes=sizes)


def program_path(program: Program) -> str:
    """Return the path of a program's source in the run folder."""
    return path_of_program(program.label)


def path_of_program(label: str) -> str:
    """Return the path of a program's source in the run folder."""
    return f"programs/{label}.py"


def diff_path(program: Program) -> str:
    """Return the path of the diff between a program and its base."""
    return f"programs/{program.label}.diff"


def text_paths(execution: Execution) -> dict[str, str]:
    """Return the paths of an execution's texts: `stdout`, `terminal`, and perhaps `raw_reply`.

    A text that equals `stdout` shares its path.
    """
    stdout = f"outputs/{execution.label}.txt"
    differs = execution.terminal != execution.stdout
    paths = {"stdout": stdout, "terminal": f"outputs/{execution.label}.terminal.txt" if differs else stdout}
    if execution.raw_reply is not None:
        reply_differs = execution.raw_reply != execution.stdout
        paths["raw_reply"] = f"outputs/{execution.label}.reply.txt" if reply_differs else stdout
    return paths


def to_json(value: object) -> str:
    """Format plain values as readable JSON."""
    return json.dumps(value, indent=2, ensure_ascii=False, default=str) + "\n"


def format_counts(counts: Counter[str]) -> str:
    """Format several counts, for example `code fence 4, echo of the command 1`."""
    return ", ".join(f"{name} {count}" for name, count in counts.most_common())


def transcript(log: RunLog) -> Iterator[str]:
    """Yield, part by part, the transcript of a run as Markdown: each command with the machine's answer."""
    yield f"# {log.title}: what was typed, and what both machines said\n\n"
    facts = log.setup.facts if log.setup else ()
    yield from (f"- {fact.name}: {to_one_line(harmless(fact.value))} ({fact.origin})\n" for fact in facts)
    for part in log.setup.earlier if log.setup else ():
        description = f"{part.model.name} as {part.persona}"
        yield f"- before line {part.until}: {to_one_line(harmless(description))}\n"
        changed_facts = [fact for fact in part.facts if fact not in facts]
        yield from (
            f"  - {fact.name}: {to_one_line(harmless(fact.value))} ({fact.origin})\n" for fact in changed_facts
        )
    for execution in log.executions:
        reply = execution.terminal if execution.raw_reply is None else execution.raw_reply
        text = harmless(f"$ {execution.command}\n{reply}")
        fence = fence_for(text)
        title = f"{execution.label}: {execution.cause}, {execution.seconds:.1f} s"
        yield f"\n## {title}\n\n{fence}\n{text.rstrip()}\n{fence}\n"
        yield from (f"- {to_one_line(harmless(note))}\n" for note in execution.notes)
        if execution.violations:
            kinds = violations_by_kind([execution])
            yield f"- text that no terminal prints, removed: {format_counts(kinds)}\n"


def texts_of(execution: Execution) -> dict[str, str]:
    """Return the texts of an execution, each by the path of its file (see `text_paths`)."""
    texts = {"stdout": execution.stdout, "terminal": execution.terminal, "raw_reply": execution.raw_reply}
    return {path: texts[name] or "" for name, path in text_paths(execution).items()}


def base_of(program: Program, programs: Sequence[Program]) -> Program | None:
    """Return the version that a program was made from; None if it is not in `programs`."""
    return next((candidate for candidate in programs if candidate.label == program.base), None)
