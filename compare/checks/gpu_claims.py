"""Finds imagined runs that claim to use GPUs that the program could not have used."""

import re
from collections.abc import Iterable, Sequence

from gedanken.compare.output.text_lines import indices_containing
from gedanken.compare.output.transcript import Transcript
from gedanken.compare.parsed.ledger_of_lines import Entry
from gedanken.compare.parsed.run_set import ParsedRun, RunSet, select_evidence, shorten, verb
from gedanken.experiment.finding import Finding

_CLAIM = re.compile(
    r"\bcuda:\d{1,4}|\b(?:device|using|use|on)\b[^\w\n]{0,4}(?:device\W{1,3})?cuda\b(?::\d{1,4})?|"
    r"\bGPUs?[ #]?\d{1,4}(?=\s*[:=(\]-])|"
    r"\b(?:using|use|on|with|across|detected|found)\s+(?:[1-9]\d{0,3}|two|four|eight|all|multiple|the|a)\s+"
    r"(?:\S{1,40}\s+){0,4}?GPUs?\b|\b(?:using|on)\s+GPUs?\b|\b(?:Distributed)?DataParallel\b|"
    r"\b(?:[1-9]\d{0,3}|two|four|eight)\s+GPUs?\s+(?:available|found|detected|in use)\b|"
    r"\b(?:using|on|with)\s+(?:[1-9]\d{0,3}\s?x\s?)?(?:NVIDIA|GeForce|RTX|GTX|Tesla)\b",
    re.IGNORECASE | re.ASCII,
)
_DENIAL = re.compile(
    r"\b(?:no|not|cannot|without|unavailable|disabled|none|false|falling back|would|may|if|cpu)\b|n't\b",
    re.IGNORECASE,
)
_WORDS = ("gpu", "cuda", "parallel", "nvidia", "geforce", "rtx", "gtx", "tesla")
"""Each claim about GPUs contains at least one of these words."""
LONGEST = 400
"""Number of characters that are examined at the beginning of a line. Claims about GPUs are short."""


def gpu_claims(run_set: RunSet) -> Iterable[Finding]:
    """Find imagined runs that claim to use GPUs although they could not have used any.

    Either the program cannot print such a line, or the real machine has no GPU. A claim that a real run also makes,
    such as `cuda:0`, is not reported. A persona with GPUs explains a claim only if the program can print that line.
    """
    outputs = [output for run in run_set.real for output in run.outputs]
    real_claims = {
        claim for output in outputs for line in _lines_on_gpus(output) for claim in claims_in(output.lines[line])
    }
    claims = [
        (run, entry)
        for run in run_set.imagined
        for entry in _entries_on_gpus(run)
        if not claims_in(entry.text) <= real_claims
    ]
    invented = [(run, entry) for run, entry in claims if not _can_print(run_set, entry)]
    impossible = [(run, entry) for run, entry in claims if _can_print(run_set, entry) and run_set.gpus == 0]
    if invented:
        names_gpus = run_set.source is not None and run_set.source.mentions_gpus()
        yield _finding(
            run_set, invented, f"{run_set.name} {'prints no such line' if names_gpus else 'names no GPU'}", None
        )
    if impossible:
        yield _finding(
            run_set, impossible, "the real machine has no GPU", "gpus" if "gpus" in run_set.claims else None
        )


def _entries_on_gpus(run: ParsedRun) -> list[Entry]:
    return [run.ledger.entry(line) for line in _lines_on_gpus(run.transcript) if run.ledger.has(line)]


def _lines_on_gpus(output: Transcript) -> list[int]:
    lines: list[int] = output.lines_with(indices_containing(output.shapes, _WORDS)).tolist()
    return lines


def claims_in(line: str) -> frozenset[str]:
    """Return what a line says about GPUs in use, such as `using 4 gpus`; empty if the line denies that GPUs are
    used.
    """
    line = line[:LONGEST]
    if _DENIAL.search(line):
        return frozenset()
    return frozenset(" ".join(match[0].lower().split()) for match in _CLAIM.finditer(line))


def _can_print(run_set: RunSet, entry: Entry) -> bool:
    """Return whether the program can print this line on some machine; True if no program is given."""
    if run_set.program is None:
        return True
    return run_set.source is not None and run_set.source.mentions_gpus() and entry.kind == "site"


def _finding(
    run_set: RunSet, claims: Sequence[tuple[ParsedRun, Entry]], expected: str, explained_by: str | None
) -> Finding:
    labels = {run.execution.label for run, _entry in claims}
    runs = [run for run in run_set.imagined if run.execution.label in labels]
    refs = [run.ref(entry.number - 1) for run, entry in claims]
    return Finding(
        "GPUs it could not use",
        tuple(run.label for run in runs),
        select_evidence(refs),
        expected=expected,
        observed=f"{verb(runs, 'says', 'say')} “{shorten(refs[0].text.strip())}”",
        explained_by=explained_by,
        of=len(run_set.imagined),
    )
