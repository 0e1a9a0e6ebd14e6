"""Lines and bytes as `wc` counted them, versions as `--version` printed them, beside what is said of them."""

import re

from gedanken.compare.audit.commands import Step, steps_of
from gedanken.compare.audit.numerals import plain_number
from gedanken.compare.audit.runs import Run
from gedanken.compare.audit.says import ValueSays
from gedanken.compare.audit.verdicts import Case, Verdict

_LINES = re.compile(r"(?:lines?|rows?|records?|entries|zeilen|lignes|líneas|行)", re.IGNORECASE)


def measured(case: Case, says: ValueSays) -> Verdict | None:
    """Return the verdict where the file was counted by `wc -l` or `wc -c` as it stands; none if it was not."""
    path = case.spotted.claim.path
    flag = "-l" if says.what == "count" and _LINES.fullmatch(says.name) else "-c"
    if (
        path is None
        or case.spotted.earlier
        or says.about
        or not (flag == "-l" or says.unit.lower() in ("b", "byte", "bytes"))
    ):
        return None
    for run in case.runs_before()[:50]:
        if run.cut or not (pattern := _measure(run, flag, path)):
            continue
        found = re.search(pattern, run.text, re.MULTILINE)
        if found is None or run.result is None:
            continue
        line = case.record.evidence(run.result, found.start(1))
        is_changed = any(
            path.endswith(edit.path) or edit.path.endswith(path)
            for edit in case.record.edits_between(run.at, case.event)
            if edit.path
        )
        if found[1] == plain_number(says.value):
            return Verdict("supported", f"“{found[0].strip()}” is recorded", (line,))
        off_by_one = flag == "-l" and abs(int(found[1]) - int(plain_number(says.value))) <= 1
        if is_changed or off_by_one or case.record.has_gap_before(case.event) or len(run.steps) > 1:
            return None
        return Verdict("misquoted", f"the result that it speaks of says “{found[0].strip()}”", (line,))
    return None


def _measure(run: Run, flag: str, path: str) -> str | None:
    """If a run prints the number: by `wc`, or for bytes by `ls -l`."""
    if any(_counts(step, flag, path) for step in run.steps):
        return rf"^\s*(\d+)(?: \S*{re.escape(path)})?\s*$"
    lists = any(step.program == "ls" and re.search(r"\s-\w*l(?![\w-]*h)", step.text) for step in run.steps)
    if flag == "-c" and lists:
        return rf"^-[rwxsStT-]{{9}}\S?\s+\d+\s+\S+\s+\S+\s+(\d+)\s[^\n]*[\s/]{re.escape(path.rsplit('/', 1)[-1])}\s*$"
    return None


def _counts(step: Step, flag: str, path: str) -> bool:
    return step.program == "wc" and flag in step.words and step.words[-1].endswith(path) and not step.is_piped


_VERSION = re.compile(r"\d+(?:\.\d+){1,3}")


def asked_version(case: Case, says: ValueSays) -> Verdict | None:
    """Return the verdict where the program itself was asked for its version; none if it was not."""
    asked = [step.program.lower() for step in steps_of(case.spotted.command or "") if _asks(step)]
    name = asked[0] if asked else says.name
    for run in case.runs_before()[:100]:
        if run.result is None or run.cut or len(run.steps) != 1 or not _asks_version(run.steps[0], name):
            continue
        printed = _VERSION.findall(run.text[:2_000])
        if not printed:
            continue
        line = case.record.evidence(run.result)
        if any(f"{one}.".startswith(f"{says.value}.") for one in printed):
            return Verdict("supported", f"“{line.quote[:120]}” is recorded", (line,))
        if (
            case.index.before(says.value, case.event)
            or case.spotted.earlier
            or case.record.has_gap_before(case.event)
        ):
            return None
        return Verdict("misquoted", f"the result that it speaks of says “{line.quote[:120]}”", (line,))
    return None


def _asks_version(step: Step, name: str) -> bool:
    program = step.program.lower().rstrip("0123456789.")
    return program == name.removesuffix("'s").rstrip("0123456789.") and _asks(step)


def _asks(step: Step) -> bool:
    return bool({"--version", "-V", "version", "-v"} & set(step.words[1:2]))
