"""Judges a claim that quotes lines of an output or lines of a file."""

import re

from gedanken.compare.audit.judge_runs import family_of
from gedanken.compare.audit.lines import LineIndex, bare, form
from gedanken.compare.audit.numerals import NUMBER
from gedanken.compare.audit.outcomes import summaries_in
from gedanken.compare.audit.runs import Run
from gedanken.compare.audit.same_command import is_like, is_run, programs_of
from gedanken.compare.audit.says import FileSays, OutputSays
from gedanken.compare.audit.shown import is_elision
from gedanken.compare.audit.verdicts import Case, Verdict, undecidable, without_runs
from gedanken.experiment.claim import Evidence

_MOST_RUNS = 100
_MOST_TEXT = 1_000_000


def judge_output(case: Case, says: OutputSays, lines: LineIndex) -> Verdict:
    """Judge whether recorded results contain the quoted lines."""
    shown = [line for line in says.lines if not is_elision(line)]
    if not shown:
        return undecidable("the quotation has no line that can be compared")
    found = {line: lines.before(line, case.event) for line in shown}
    missing = [line for line in shown if found[line] is None and not _is_part(case, line)]
    if not missing:
        return _all_there(case, says, [at.event for at in found.values() if at is not None], lines, shown)
    mine = _runs(case, missing, shown, lines)
    later = _later(case, missing, lines) if says.is_shown else None
    if later is not None and not case.record.has_gap_before(case.event):
        return Verdict("written too early", "these lines were printed only after the claim", (later,))
    if not mine:
        return _no_run(case, says)
    return _differs(case, says, missing, mine)


def _all_there(case: Case, says: OutputSays, events: list[int], lines: LineIndex, shown: list[str]) -> Verdict:
    event = max(events, default=None)
    if event is None:
        part = _where_part(case, shown[0])
        return Verdict("supported", "an output before the claim has these words", (part,) if part else ())
    at = next(at for at in (lines.before(line, case.event) for line in shown) if at is not None)
    evidence = case.record.evidence(at.event, at.offset)
    run = next((run for run in case.runs_before() if run.result == event), None)
    if run is not None and summaries_in("\n".join(says.lines)) and not case.spotted.earlier:
        change = case.record.change_since(run, case.event, "tests")
        if change is not None and case.record.could_have_run("tests", case.event, after=run.at) is None:
            return Verdict(
                "stale",
                f"{change.path} was changed after the run that is shown",
                (evidence, case.record.evidence(change.event)),
            )
    return Verdict(
        "supported", "every quoted line is recorded" if len(shown) > 1 else "the quoted line is recorded", (evidence,)
    )


def _is_part(case: Case, line: str) -> bool:
    """Return whether a recent text contains the line, or its pieces if it is shortened with `…`."""
    return _where_part(case, line) is not None


def _where_part(case: Case, line: str) -> Evidence | None:
    pieces = [piece for piece in re.split(r"\.{3}|…", bare(line)) if piece.strip()]
    if not pieces or len(pieces[0]) < 3:
        return None
    words = re.compile(r"[^\n]{0,400}?".join(re.escape(piece.strip()).replace(r"\ ", r"\s+") for piece in pieces[:4]))
    for output in case.outputs_before()[:_MOST_RUNS]:
        if len(output.text) < _MOST_TEXT and (found := words.search(output.text)):
            return case.record.evidence(output.event, found.start(), len(found[0]))
    return None


def _runs(case: Case, missing: list[str], shown: list[str], lines: LineIndex) -> list[Run]:
    """Return the runs that may have printed the quoted lines, latest first. `shown`: the quoted lines; `missing`:
    those of them that no earlier output has.
    """
    before = [run for run in case.runs_before()[:_MOST_RUNS] if run.result is not None]
    command = case.spotted.command
    if command is not None:
        return [run for run in before if is_run(command, run)]
    here = {at.event for line in shown if (at := lines.before(line, case.event)) is not None}
    mine = [run for run in before if run.result in here]
    if not mine and summaries_in("\n".join(missing)):
        mine = [run for run in before if run.tests][:1]
    return mine or _alike(before, missing)


def _alike(before: list[Run], missing: list[str]) -> list[Run]:
    """Return the last run, if any, that printed one of the missing lines with other numbers."""
    wanted = {
        form(line) for line in missing if re.search(r"\d", line) and len(re.findall(r"[^\W\d_]", line)) > _WORDY
    }
    if not wanted:
        return []
    for run in before[:20]:
        if len(run.text) < _SHORT and any(form(printed) in wanted for _offset, printed in _lines_of(run.text)):
            return [run]
    return []


_WORDY = 5
"""Only a line with more letters than this is recognized by its words."""
_SHORT = 100_000


def _differs(case: Case, says: OutputSays, missing: list[str], mine: list[Run]) -> Verdict:
    run = mine[0]
    event = run.result if run.result is not None else run.call
    whole = case.record.evidence(event)
    if case.record.has_gap_before(case.event) or any(one.cut or one.background for one in mine):
        return undecidable("some of the recorded output is missing", whole)
    if case.record.could_have_run("program", case.event, after=run.at) and case.spotted.command is None:
        return undecidable("another run may have printed the quoted lines", whole)
    if not says.is_shown:
        return undecidable(
            "some of the quoted lines are not recorded, and the message does not say that they were printed", whole
        )
    for line in missing:
        forms = {form(line)}
        for one in mine:
            for offset, printed in _lines_of(one.text):
                if form(printed) in forms and "#" in form(line) and _has_new_number(case, line):
                    at = one.result if one.result is not None else one.call
                    return Verdict(
                        "misquoted",
                        f"the recorded line is “{bare(printed)[:160]}”",
                        (case.record.evidence(at, offset),),
                    )
    named = case.spotted.command is not None and says.is_shown and len(mine) == 1 and run.text.strip()
    if (
        named
        and len(missing) == sum(not is_elision(line) for line in says.lines)
        and len(says.lines) > 0
        and run.exit_code in (0, None)
        and _is_plain(run, case.spotted.command or "")
        and not _is_told(case, missing)
    ):
        return Verdict("misquoted", "the recorded output of this command has none of these lines", (whole,))
    return undecidable("some of the quoted lines are not recorded in these words", whole)


def _is_plain(run: Run, command: str) -> bool:
    """Return whether a run consists of this command alone, so that its whole output comes from the command."""
    return len([step for step in run.steps if step.program != "cd"]) == 1 and " ".join(command.split()) in " ".join(
        run.command.split()
    )


def _is_told(case: Case, missing: list[str]) -> bool:
    """Return whether recent outputs contain at least half of the words and numbers of the quoted lines `missing`."""
    text = " ".join(output.text[:20_000].lower() for output in case.outputs_before()[:10])
    words = [word for line in missing for word in re.findall(r"[a-z]{4,}|\d+(?:\.\d+)?", line.lower())]
    return bool(words) and sum(word in text for word in words) * 2 >= len(words)


def _has_new_number(case: Case, line: str) -> bool:
    """Return whether a line has a number that no earlier output has."""
    return any(not case.index.before(number, case.event) for number in NUMBER.findall(bare(line)))


def _lines_of(text: str) -> list[tuple[int, str]]:
    found, at = [], 0
    for line in text[:200_000].splitlines(keepends=True):
        found.append((at, line))
        at += len(line)
    return found


def _later(case: Case, missing: list[str], lines: LineIndex) -> Evidence | None:
    places = [lines.after(line, case.event) for line in missing]
    first = places[0]
    if any(place is None for place in places) or first is None:
        return None
    event = case.record.transcript.events[first.event]
    if event.kind != "result" or event.session != case.session:
        return None
    return case.record.evidence(first.event, first.offset)


def _no_run(case: Case, says: OutputSays) -> Verdict:
    command = case.spotted.command
    if not says.is_shown:
        return undecidable("the message does not say that this was printed")
    family = (family_of(command) if command else None) or ("tests" if summaries_in("\n".join(says.lines)) else None)
    if family is None and command is not None:
        return undecidable("it is not certain which recorded run the claim is about")
    if command is not None and any(
        is_like(command, run) for run in case.record.naming(programs_of(command), case.event)
    ):
        return undecidable("the program was run with other arguments")
    later = [run for run in case.runs_after() if (is_run(command, run) if command else bool(run.tests))]
    return without_runs(
        case, family or "program", later, f"“{command}”" if command else "a command that could have printed the lines"
    )


def judge_file(case: Case, says: FileSays) -> Verdict:
    """Judge whether the record has the quoted lines in the named file."""
    path = case.spotted.claim.path or ""
    texts = case.texts_of(path)
    shown = [line for line in says.lines if not is_elision(line) and bare(line)]
    if not shown:
        return undecidable("the quotation has no line that can be compared")
    for event, text in texts:
        flat = "\n".join(" ".join(line.split()) for line in text.splitlines())
        if all(" ".join(line.split()) in flat for line in shown):
            offset = max(text.find(shown[0]), 0)
            return Verdict(
                "supported",
                "the record has these lines of the file",
                (case.record.evidence(event, offset if event_has(case, event, shown[0]) else 0),),
            )
    whole = case.whole_of(path)
    if (
        whole is not None
        and not case.record.has_gap_before(case.event)
        and not case.record.is_shuffled_since(whole[0], case.event)
    ):
        flat = " ".join(whole[1].split())
        absent = [line for line in shown if " ".join(line.split()) not in flat]
        if (
            len(shown) <= 3
            and absent
            and not any(
                step
                for run in case.record.naming([path.rsplit("/", 1)[-1]], case.event)
                if whole[0] < run.call
                for step in run.steps
                if path.rsplit("/", 1)[-1] in step.text
            )
        ):
            return Verdict(
                "misquoted",
                f"{path}, as it was last written before the claim, does not contain “{absent[0][:100]}”",
                (case.record.evidence(whole[0]),),
            )
    return undecidable("the record does not contain the file as it is shown here")


def event_has(case: Case, event: int, line: str) -> bool:
    """Return whether the text of an event contains this line."""
    return line in case.record.transcript.events[event].text
