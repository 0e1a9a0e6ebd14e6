"""Judges a claimed file size by the output of `wc` or `ls -l`, and a claimed version by the output of `--version`."""

import re

from gedanken.compare.audit.claims.claim_contents import ValueClaim
from gedanken.compare.audit.commands.command_lines import Step, parse_steps
from gedanken.compare.audit.commands.file_changes import Edit
from gedanken.compare.audit.language.numerals import normalize_number
from gedanken.compare.audit.record.runs import Run
from gedanken.compare.audit.verdicts import Case, Verdict, undecidable

_LINE_NOUN = re.compile(r"(?:lines?|rows?|records?|entries|zeilen|lignes|líneas|行)", re.IGNORECASE)


def judge_file_size(case: Case, says: ValueClaim) -> Verdict | None:
    """Return a verdict on a claimed file size by the output of `wc -l`, `wc -c` or `ls -l`.

    None if there is no such output, or if a change of the file may explain the difference.
    """
    path = case.spotted.claim.path
    flag = "-l" if says.kind == "count" and _LINE_NOUN.fullmatch(says.name) else "-c"
    if (
        path is None
        or case.spotted.is_about_earlier
        or says.is_approximate
        or not (flag == "-l" or says.unit.lower() in ("b", "byte", "bytes", "octet", "octets", "字节", "バイト"))
    ):
        return None
    for run in case.runs_before()[:50]:
        if run.is_incomplete or not (pattern := _size_pattern(run, flag, path)):
            continue
        match = re.search(pattern, run.text, re.MULTILINE)
        if match is None or run.result is None:
            continue
        evidence = case.record.evidence(run.result, match.start(1))
        changes = [
            edit
            for edit in case.record.edits_between(run.result_event, case.event)
            if edit.path and (path.endswith(edit.path) or edit.path.endswith(path))
        ]
        is_changed = bool(changes)
        if match[1] == normalize_number(says.value):
            verdict = Verdict("supported", f"“{match[0].strip()}” is recorded", (evidence,))
            return _revise_for_changes(case, changes, flag, verdict) if changes else verdict
        if _is_of_other_file(case, run, normalize_number(says.value), path):
            return undecidable("the output has this number for another file, which the message names too", evidence)
        off_by_one = flag == "-l" and abs(int(match[1]) - int(normalize_number(says.value))) <= 1
        if is_changed or off_by_one or case.record.has_gap_before(case.event) or len(run.steps) > 1:
            return None
        return Verdict("misquoted", f"the result that the claim is about says “{match[0].strip()}”", (evidence,))
    return None


def _revise_for_changes(case: Case, changes: list[Edit], flag: str, verdict: Verdict) -> Verdict:
    """Return the given verdict if later changes did not alter the file size; otherwise a verdict `stale` or
    `undecidable`.
    """
    if any(not case.record.is_edit(edit.event) for edit in changes):
        return undecidable("a command changed the file after its size was printed", *verdict.evidence)
    if any(edit.old is None for edit in changes):
        return undecidable("the file was written again after its size was printed", *verdict.evidence)
    if sum(_size(edit.new, flag) - _size(edit.old or "", flag) for edit in changes) == 0:
        return verdict
    edit = case.record.evidence(changes[-1].event)
    return Verdict("stale", f"{changes[-1].path} was changed after its size was printed", (*verdict.evidence, edit))


def _size(text: str, flag: str) -> int:
    return text.count("\n") if flag == "-l" else len(text.encode())


def _is_of_other_file(case: Case, run: Run, number: str, path: str) -> bool:
    """Return whether the output prints `number` next to the name of another file that the message also names."""
    message = case.record.transcript.events[case.event].text
    lines = [line.split() for line in run.text.splitlines()[:500]]
    names = [words[-1].rsplit("/", 1)[-1] for words in lines if len(words) > 1 and number in words]
    return any(name in message and not path.endswith(name) for name in names)


def _size_pattern(run: Run, flag: str, path: str) -> str | None:
    """Return a pattern for the line in which a run prints the file's size; None if the run prints no size."""
    if any(_counts_file(step, flag, path) for step in run.steps):
        name_quantifier = (
            "?" if any(_counts_file(step, flag, path) and len(step.words) <= _MAX_WORDS for step in run.steps) else ""
        )
        return rf"^\s*(\d+)(?: \S*{re.escape(path)}){name_quantifier}\s*$"
    lists = any(step.program == "ls" and re.search(r"\s-\w*l(?![\w-]*h)", step.text) for step in run.steps)
    if flag == "-c" and lists:
        return rf"^-[rwxsStT-]{{9}}\S?\s+\d+\s+\S+\s+\S+\s+(\d+)\s[^\n]*[\s/]{re.escape(path.rsplit('/', 1)[-1])}\s*$"
    return None


def _counts_file(step: Step, flag: str, path: str) -> bool:
    return (
        step.program == "wc"
        and flag in step.words
        and any(word.endswith(path) for word in step.words[1:])
        and not step.is_piped
    )


_MAX_WORDS = 3
"""Number of words in a `wc` command with one flag and one file."""
_VERSION = re.compile(r"\d+(?:\.\d+){1,3}")


def judge_version(case: Case, says: ValueClaim) -> Verdict | None:
    """Return a verdict on a claimed version by what the program itself printed, as with `--version`.

    None if it printed nothing of this kind, or if another output may explain the claim.
    """
    programs = [step.program.lower() for step in parse_steps(case.spotted.command or "") if _has_version_option(step)]
    name = programs[0] if programs else says.name
    for run in case.runs_before()[:100]:
        if run.result is None or run.is_incomplete or (version_output := _find_version_output(run, name)) is None:
            continue
        offset, text = version_output
        versions = _VERSION.findall(text)
        if not versions:
            continue
        evidence = case.record.evidence(run.result, offset)
        if any(f"{version}.".startswith(f"{says.value}.") for version in versions):
            return Verdict("supported", f"“{evidence.quote[:120]}” is recorded", (evidence,))
        occurrences = case.index.positions_before(says.value, case.event)
        if occurrences and all(occurrence.event == run.result for occurrence in occurrences):
            return undecidable("the output shows the version of another program", evidence)
        if occurrences or case.spotted.is_about_earlier or case.record.has_gap_before(case.event):
            return None
        return Verdict("misquoted", f"the result that the claim is about says “{evidence.quote[:120]}”", (evidence,))
    return None


def _find_version_output(run: Run, name: str) -> tuple[int, str] | None:
    """Return (offset, text) of the output that states the program's version; None if the run does not print it."""
    if len(run.steps) == 1:
        return (0, run.text[:2_000]) if _asks_version(run.steps[0], name) else None
    lines = [match for match in re.finditer(r"[^\n]+", run.text[:2_000]) if match[0].strip()]
    if len(lines) != len(run.steps) or not all(_has_version_option(step) and not step.is_piped for step in run.steps):
        return None
    index = next((index for index, step in enumerate(run.steps) if _asks_version(step, name)), None)
    return None if index is None else (lines[index].start(), lines[index][0])


def _asks_version(step: Step, name: str) -> bool:
    program = step.program.lower().rstrip("0123456789.")
    return program == name.removesuffix("'s").rstrip("0123456789.") and _has_version_option(step)


def _has_version_option(step: Step) -> bool:
    return bool({"--version", "-V", "version", "-v"} & set(step.words[1:2]))
