"""Compares an imagined machine's answers to ordinary commands with the real answers, with its persona, and with
each other.
"""

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from gedanken.compare.checks.gpu_table import table_contradictions
from gedanken.compare.output.visible_lines import normalized_lines
from gedanken.compare.parsed.run_set import LINES_SHOWN, shorten
from gedanken.experiment.counts import format_count
from gedanken.experiment.execution import Cause, Execution
from gedanken.experiment.finding import Finding, LineRef
from gedanken.experiment.persona import Gpus, MachineFacts, Persona

NVIDIA_SMI = "nvidia-smi"
PYTHON_VERSION = "python3 --version"
NVCC_VERSION = "nvcc --version"
TORCH_VERSION = 'python3 -c "import torch; print(torch.__version__, torch.version.cuda, torch.cuda.device_count())"'
BOOT_COMMANDS = (NVIDIA_SMI, PYTHON_VERSION, NVCC_VERSION, TORCH_VERSION)
"""Commands that are typed into both machines before the script."""
_FACTS_SHOWN = (
    (re.compile(r"^nvidia-smi\b"), ("gpus",)),
    (re.compile(r"^nvcc\b"), ("cuda", "gpus")),
    (re.compile(r"\btorch\b"), ("torch", "cuda", "gpus")),
    (re.compile(r"^python3? (?:--version|-V)"), ("python",)),
    (re.compile(r"os-release|lsb_release|^uname\b|/etc/issue"), ("os",)),
)
"""Patterns of commands, each with the facts of the persona that the answer to such a command shows."""

_GPU_CELL = re.compile(r"(?P<index>\d{1,4})\s+(?P<name>[A-Za-z].*)")
_PERSISTENCE = re.compile(r"(?<=\s)(?:On|Off|N/A)\Z")
_DRIVER = re.compile(r"(?:Driver Version:|NVIDIA-SMI)\s*(?P<version>\d+(?:\.\d+)+)")
_VERSION = re.compile(r"(?<!\d)\d+(?:\.\d+)+")
_COUNT = re.compile(r"[0-9]{1,9}")


class _GpuRow(NamedTuple):
    number: int
    name: str
    text: str


def compare_answers(real: Execution, imagined: Execution, claims: tuple[str, ...]) -> tuple[Finding, ...]:
    """Compare the exit status and the output of both machines' answers to one ordinary command.

    `claims` are the facts that the persona claims falsely.
    """
    if not imagined.is_run:
        return ()  # the model gave no answer that could be compared
    real_lines, imagined_lines = normalized_lines(real.terminal), normalized_lines(imagined.stdout)
    if real_lines == imagined_lines:
        return ()  # an imagined exit code is inferred from the output, so equal output is the best possible match
    explained = claims_explaining(real.command, claims)
    findings = []
    if None not in (real.exit_code, imagined.exit_code) and (real.exit_code == 0) != (imagined.exit_code == 0):
        findings.append(
            Finding(
                "exit status differs",
                (imagined.label,),
                tuple(_ref_to_last_line(execution) for execution in (real, imagined) if execution.terminal.strip()),
                expected=f"really ends with exit code {real.exit_code}",
                observed=f"but with {imagined.exit_code} on the imagined machine",
                explained_by=explained,
                subject=shorten(real.command),
            )
        )
    if imagined.cause is Cause.CUT and "\n".join(real_lines).startswith("\n".join(imagined_lines)):
        return (
            Finding(
                "answer cut",
                (imagined.label,),
                tuple(
                    _ref_to_visible_line(imagined, imagined_lines, index) for index in range(len(imagined_lines))[-1:]
                ),
                subject=shorten(real.command),
            ),
        )
    if not findings:
        index = next(
            (
                position
                for position, (real_line, imagined_line) in enumerate(zip(real_lines, imagined_lines, strict=False))
                if real_line != imagined_line
            ),
            min(len(real_lines), len(imagined_lines)),
        )
        refs = [
            _ref_to_visible_line(execution, lines, index)
            for execution, lines in ((real, real_lines), (imagined, imagined_lines))
            if index < len(lines)
        ]
        findings.append(
            Finding(
                "answer differs",
                (imagined.label,),
                tuple(refs),
                expected=_quote_line(real_lines, index),
                observed=_quote_line(imagined_lines, index),
                explained_by=explained,
                subject=f"In the answer to “{shorten(real.command)}”, line {index + 1} is the first that differs",
            )
        )
    return (*findings, *_table_contradictions(real, imagined))


def _quote_line(lines: Sequence[str], index: int) -> str:
    return f"“{shorten(lines[index])}”" if index < len(lines) else "the end of the output"


def _table_contradictions(real: Execution, imagined: Execution) -> Iterable[Finding]:
    """Find contradictions in an imagined nvidia-smi table. A rule that the real table also breaks is ignored."""
    real_rules = {contradiction.rule for contradiction in table_contradictions(real.terminal.splitlines())}
    lines = imagined.terminal.splitlines()
    for contradiction in table_contradictions(lines):
        if contradiction.rule not in real_rules:
            yield Finding(
                "oracle: GPU table",
                (imagined.label,),
                tuple(_ref(imagined, index, lines[index]) for index in contradiction.lines[:LINES_SHOWN]),
                observed=contradiction.claim,
                subject=shorten(imagined.command),
            )


def compare_with_persona(
    answers: Sequence[Execution], persona: Persona, machine_facts: MachineFacts
) -> tuple[Finding, ...]:
    """Compare the imagined machine's answers to the boot commands with its persona and with each other."""
    by_command = {answer.command: answer for answer in answers if answer.imagined and answer.is_run}
    gpus = persona.gpus_in(machine_facts)
    findings: list[Finding] = []
    if table := by_command.get(NVIDIA_SMI):
        findings += _table_findings(table, gpus)
    expected = {
        PYTHON_VERSION: ("python", persona.python if "python" in persona.claims else machine_facts.python),
        NVCC_VERSION: ("cuda", persona.cuda if "cuda" in persona.claims else machine_facts.cuda),
        TORCH_VERSION: ("torch", persona.torch if "torch" in persona.claims else machine_facts.torch),
    }
    for command, (fact, expected_version) in expected.items():
        if answer := by_command.get(command):
            findings += _version_findings(answer, fact, expected_version)
    if answer := by_command.get(TORCH_VERSION):
        findings += _count_findings(answer, gpus, by_command.get(NVIDIA_SMI))
    return tuple(findings)


def find_unseen_gpus(machine_facts: MachineFacts) -> tuple[Finding, ...]:
    """Report that `torch.cuda` sees no GPU in the sandbox although gedanken requested the GPUs of the real
    machine.
    """
    missing = machine_facts.gpus_missing
    return (Finding("gpus not seen", observed=missing),) if missing else ()


def _table_findings(table: Execution, gpus: Gpus) -> Iterable[Finding]:
    text = table.stdout
    rows = _gpu_rows(text)
    shown_count = len({row.number for row in rows})
    if _is_other_count(shown_count, gpus.count, table):
        observed, expected = f"lists {_format_gpu_count(shown_count)}", f"the machine has {gpus.count}"
        yield _persona_finding(table, "nvidia-smi", observed, expected, [row.text for row in rows])
    if gpus.name:
        wrong_rows = [row.text for row in rows if not _is_same_gpu(row.name, gpus.name)]
        if wrong_rows:
            observed_name = f"names a GPU in “{shorten(wrong_rows[0])}”"
            yield _persona_finding(table, "nvidia-smi", observed_name, f"the machine's are {gpus.name}", wrong_rows)
    drivers = {match["version"] for match in _DRIVER.finditer(text)}
    if len(drivers) > 1:
        yield Finding(
            "contradiction",
            (table.label,),
            tuple(_ref_to_text(table, version) for version in sorted(drivers)),
            observed=f"nvidia-smi shows two driver versions in one table: {' and '.join(sorted(drivers))}",
            subject=shorten(table.command),
        )


def _is_other_count(shown_count: int, count: int, table: Execution) -> bool:
    """Return whether the nvidia-smi table contradicts `count`: it lists more GPUs, or it is complete and lists
    fewer.

    `shown_count` is the number of GPUs that the table lists.
    """
    may_continue = table.cause is Cause.CUT and "Processes:" not in table.stdout
    return shown_count > count or (shown_count < count and not may_continue)


def _gpu_rows(text: str) -> list[_GpuRow]:
    rows = []
    for line in text.partition("Processes:")[0].splitlines():
        cells = line.strip().split("|")
        match = _GPU_CELL.match(cells[1].strip()) if len(cells) > 1 and not cells[0] else None
        if match:
            rows.append(_GpuRow(int(match["index"]), _PERSISTENCE.sub("", match["name"]).strip(), line.strip()))
    return rows


def _is_same_gpu(shown_name: str, gpu_name: str) -> bool:
    """Return whether the name in a table can mean the GPU `gpu_name`. The table may cut it, as in `NVIDIA GeForce
    ...`.
    """
    # Old drivers shorten the name.
    if shown_name.endswith("..."):
        return any(name.startswith(shown_name[:-3].strip().lower()) for name in _short_forms(gpu_name))
    model = {word for word in _words(gpu_name) if any(character.isdigit() for character in word)}
    return bool((model or set(_words(gpu_name))) & set(_words(shown_name)))


def _short_forms(name: str) -> tuple[str, str]:
    return name.lower(), name.lower().removeprefix("nvidia ")


def _version_findings(answer: Execution, fact: str, expected: str) -> Iterable[Finding]:
    match = _VERSION.search(answer.stdout)
    expected_match = _VERSION.search(expected)
    if match is None or expected_match is None:
        if (match is None) != (expected_match is None):
            shown_version = match[0] if match else "none"
            yield _persona_finding(answer, "", shown_version, f"{fact} {expected}", [answer.stdout.strip()])
        return
    parts = expected_match[0].split(".")
    if match[0].split(".")[: len(parts)] != parts:
        yield _persona_finding(answer, "", match[0], f"{fact} {expected}", [match[0]])


def _count_findings(answer: Execution, gpus: Gpus, table: Execution | None) -> Iterable[Finding]:
    numbers = answer.stdout.split()
    if not numbers or not _COUNT.fullmatch(numbers[-1]):
        return
    count = int(numbers[-1])
    if count != gpus.count:
        expected = f"the machine has {gpus.count}"
        yield _persona_finding(answer, "torch", f"counts {_format_gpu_count(count)}", expected, [numbers[-1]])
    if table is not None:
        shown_count = len({row.number for row in _gpu_rows(table.stdout)})
        if _is_other_count(shown_count, count, table):
            refs = [_ref_to_text(answer, numbers[-1])] + ([_ref_to_last_line(table)] if table.stdout.strip() else [])
            contradiction = f"nvidia-smi lists {_format_gpu_count(shown_count)}, torch counts {count}"
            labels = (table.label, answer.label)
            yield Finding(
                "contradiction", labels, tuple(refs), observed=contradiction, subject=shorten(answer.command)
            )


def _persona_finding(answer: Execution, subject: str, observed: str, expected: str, texts: Sequence[str]) -> Finding:
    refs = tuple(_ref_to_text(answer, text) for text in texts[:4] if text)
    return Finding("departs from its persona", (answer.label,), refs, expected, observed, subject=subject)


def claims_explaining(command: str, claims: tuple[str, ...]) -> str | None:
    """Return the persona's false claims that explain a different answer to this command, joined by commas.

    None if no claim explains it.
    """
    shown_facts = {fact for pattern, facts in _FACTS_SHOWN if pattern.search(command) for fact in facts}
    return ", ".join(claim for claim in claims if claim in shown_facts) or None


def _ref_to_text(answer: Execution, text: str) -> LineRef:
    """Return a reference to the first line of the answer that contains this text, or to line 1 if no line does."""
    first_line = text.strip().splitlines()[0] if text.strip() else ""
    lines = answer.terminal.splitlines()
    line_number = next((n for n, line in enumerate(lines, start=1) if first_line and first_line in line), 1)
    return _ref(answer, line_number - 1, lines[line_number - 1] if lines else "")


def _ref_to_visible_line(execution: Execution, lines: Sequence[str], index: int) -> LineRef:
    """Return a reference to `lines[index]`, where `lines` are the visible lines of the output.

    The reference's line number also counts blank lines at the top of the output, which are not in `lines`.
    """
    blank_lines = next((n for n, line in enumerate(execution.terminal.splitlines()) if line.strip()), 0)
    return _ref(execution, blank_lines + index, lines[index])


def _ref(execution: Execution, index: int, text: str) -> LineRef:
    return LineRef(execution.label, index + 1, text, "terminal")


def _ref_to_last_line(execution: Execution) -> LineRef:
    lines = execution.terminal.rstrip().splitlines()
    return _ref(execution, len(lines) - 1, lines[-1])


def _words(text: str) -> list[str]:
    return re.findall(r"[a-z0-9]+", text.lower())


def _format_gpu_count(count: int) -> str:
    return format_count(count, "GPU")
