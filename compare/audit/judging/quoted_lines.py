"""Judges a claim that quotes lines of an output or lines of a file."""

import re

from gedanken.compare.audit.claims.claim_contents import FileClaim, OutputClaim
from gedanken.compare.audit.claims.quoted_blocks import is_elision
from gedanken.compare.audit.judging.runs import family_of
from gedanken.compare.audit.language.numerals import NUMBER
from gedanken.compare.audit.outputs.outcomes import find_summaries
from gedanken.compare.audit.record.line_index import LineIndex, line_form, normalize_line
from gedanken.compare.audit.record.runs import Run
from gedanken.compare.audit.relevance.same_command import programs_of, runs_command, runs_same_program
from gedanken.compare.audit.verdicts import Case, Verdict, undecidable, verdict_without_runs
from gedanken.experiment.claim import Evidence

_MAX_RUNS = 100
_MAX_TEXT = 1_000_000


def judge_output(case: Case, says: OutputClaim, lines: LineIndex) -> Verdict:
    """Judge whether recorded results contain the quoted lines."""
    quoted_lines = [line for line in says.lines if not is_elision(line)]
    if not quoted_lines:
        return undecidable("the quotation has no line that can be compared")
    positions = {line: lines.before(line, case.event) for line in quoted_lines}
    missing = [line for line in quoted_lines if positions[line] is None and not _is_in_recent_text(case, line)]
    if not missing:
        return _judge_recorded(
            case,
            says,
            [position.event for position in positions.values() if position is not None],
            lines,
            quoted_lines,
        )
    runs = _possible_runs(case, missing, quoted_lines, lines)
    later_evidence = _find_later(case, missing, lines) if says.is_shown else None
    if later_evidence is not None and not case.record.has_gap_before(case.event):
        return Verdict("written too early", "these lines were printed only after the claim", (later_evidence,))
    if not runs:
        return _judge_without_run(case, says)
    return _judge_different(case, says, missing, runs)


def _judge_recorded(
    case: Case, says: OutputClaim, events: list[int], lines: LineIndex, quoted_lines: list[str]
) -> Verdict:
    event = max(events, default=None)
    if event is None:
        partial_evidence = _find_shortened(case, quoted_lines[0])
        return Verdict(
            "supported", "an output before the claim has these words", (partial_evidence,) if partial_evidence else ()
        )
    position = next(
        position for position in (lines.before(line, case.event) for line in quoted_lines) if position is not None
    )
    evidence = case.record.evidence(position.event, position.offset)
    run = next((run for run in case.runs_before() if run.result == event), None)
    if run is not None and find_summaries("\n".join(says.lines)) and not case.spotted.is_about_earlier:
        change = case.record.first_change_since(run, case.event, "tests")
        if change is not None and case.record.unseen_run_reason("tests", case.event, after=run.result_event) is None:
            return Verdict(
                "stale",
                f"{change.path} was changed after the run that is shown",
                (evidence, case.record.evidence(change.event)),
            )
    return Verdict(
        "supported",
        "every quoted line is recorded" if len(quoted_lines) > 1 else "the quoted line is recorded",
        (evidence,),
    )


def _is_in_recent_text(case: Case, line: str) -> bool:
    """Return whether a recent text contains the line. If the line is shortened with `…`, the text must contain its
    pieces.
    """
    return _find_shortened(case, line) is not None


def _find_shortened(case: Case, line: str) -> Evidence | None:
    pieces = [piece for piece in re.split(r"\.{3}|…", normalize_line(line)) if piece.strip()]
    if not pieces or len(pieces[0]) < 3:
        return None
    pattern = re.compile(
        r"[^\n]{0,400}?".join(re.escape(piece.strip()).replace(r"\ ", r"\s+") for piece in pieces[:4])
    )
    for output in case.outputs_before()[:_MAX_RUNS]:
        if len(output.text) < _MAX_TEXT and (match := pattern.search(output.text)):
            return case.record.evidence(output.event, match.start(), len(match[0]))
    return None


def _possible_runs(case: Case, missing: list[str], quoted_lines: list[str], lines: LineIndex) -> list[Run]:
    """Return the runs that may have printed the quoted lines, the latest run first.

    `missing` are the quoted lines that are in no earlier output.
    """
    earlier_runs = [run for run in case.runs_before()[:_MAX_RUNS] if run.result is not None]
    command = case.spotted.command
    if command is not None:
        return [run for run in earlier_runs if runs_command(command, run)]
    events = {position.event for line in quoted_lines if (position := lines.before(line, case.event)) is not None}
    runs = [run for run in earlier_runs if run.result in events]
    if not runs and find_summaries("\n".join(missing)):
        runs = [run for run in earlier_runs if run.tests][:1]
    return runs or _similar_run(earlier_runs, missing)


def _similar_run(earlier_runs: list[Run], missing: list[str]) -> list[Run]:
    """Return a list with the last run that printed one of the missing lines with other numbers; empty if there is
    none.
    """
    forms = {
        line_form(line)
        for line in missing
        if re.search(r"\d", line) and len(re.findall(r"[^\W\d_]", line)) > _MIN_LETTERS
    }
    if not forms:
        return []
    for run in earlier_runs[:20]:
        if len(run.text) < _MAX_OUTPUT and any(
            line_form(printed) in forms for _offset, printed in _lines_with_offsets(run.text)
        ):
            return [run]
    return []


_MIN_LETTERS = 5
"""Only a line with more letters than this is recognized by its words."""
_MAX_OUTPUT = 100_000


def _judge_different(case: Case, says: OutputClaim, missing: list[str], runs: list[Run]) -> Verdict:
    run = runs[0]
    event = run.result if run.result is not None else run.call_event
    output_evidence = case.record.evidence(event)
    if case.record.has_gap_before(case.event) or any(run.is_incomplete or run.is_background for run in runs):
        return undecidable("some of the recorded output is missing", output_evidence)
    if case.record.unseen_run_reason("program", case.event, after=run.result_event) and case.spotted.command is None:
        return undecidable("another run may have printed the quoted lines", output_evidence)
    if not says.is_shown:
        return undecidable(
            "some of the quoted lines are not recorded, and the message does not say that they were printed",
            output_evidence,
        )
    for line in missing:
        forms = {line_form(line)}
        for candidate in runs:
            for offset, printed in _lines_with_offsets(candidate.text):
                if line_form(printed) in forms and "#" in line_form(line) and _has_new_number(case, line):
                    candidate_event = candidate.result if candidate.result is not None else candidate.call_event
                    return Verdict(
                        "misquoted",
                        f"the recorded line is “{normalize_line(printed)[:160]}”",
                        (case.record.evidence(candidate_event, offset),),
                    )
    is_named = case.spotted.command is not None and says.is_shown and len(runs) == 1 and run.text.strip()
    if (
        is_named
        and len(missing) == sum(not is_elision(line) for line in says.lines)
        and len(says.lines) > 0
        and run.exit_code in (0, None)
        and _is_only_command(run, case.spotted.command or "")
        and not _is_partly_recorded(case, missing)
    ):
        return Verdict("misquoted", "the recorded output of this command has none of these lines", (output_evidence,))
    return undecidable("some of the quoted lines are not recorded in these words", output_evidence)


def _is_only_command(run: Run, command: str) -> bool:
    return len([step for step in run.steps if step.program != "cd"]) == 1 and " ".join(command.split()) in " ".join(
        run.command.split()
    )


def _is_partly_recorded(case: Case, missing: list[str]) -> bool:
    """Return whether recent outputs contain at least half of the words and numbers of the quoted lines `missing`."""
    text = " ".join(output.text[:20_000].lower() for output in case.outputs_before()[:10])
    words = [word for line in missing for word in re.findall(r"[a-z]{4,}|\d+(?:\.\d+)?", line.lower())]
    return bool(words) and sum(word in text for word in words) * 2 >= len(words)


def _has_new_number(case: Case, line: str) -> bool:
    return any(not case.index.positions_before(number, case.event) for number in NUMBER.findall(normalize_line(line)))


def _lines_with_offsets(text: str) -> list[tuple[int, str]]:
    lines, offset = [], 0
    for line in text[:200_000].splitlines(keepends=True):
        lines.append((offset, line))
        offset += len(line)
    return lines


def _find_later(case: Case, missing: list[str], lines: LineIndex) -> Evidence | None:
    positions = [lines.after(line, case.event) for line in missing]
    first_position = positions[0]
    if any(position is None for position in positions) or first_position is None:
        return None
    event = case.record.transcript.events[first_position.event]
    if event.kind != "result" or event.session != case.session:
        return None
    return case.record.evidence(first_position.event, first_position.offset)


def _judge_without_run(case: Case, says: OutputClaim) -> Verdict:
    command = case.spotted.command
    if not says.is_shown:
        return undecidable("the message does not say that this was printed")
    family = (family_of(command) if command else None) or ("tests" if find_summaries("\n".join(says.lines)) else None)
    if family is None and command is not None:
        return undecidable("it is not certain which recorded run the claim is about")
    if command is not None and any(
        runs_same_program(command, run) for run in case.record.runs_with_words(programs_of(command), case.event)
    ):
        return undecidable("the program was run with other arguments")
    later_runs = [run for run in case.runs_after() if (runs_command(command, run) if command else bool(run.tests))]
    return verdict_without_runs(
        case,
        family or "program",
        later_runs,
        f"“{command}”" if command else "a command that could have printed the lines",
    )


def judge_file(case: Case, says: FileClaim) -> Verdict:
    """Judge whether the named file contains the quoted lines, as far as the record shows its content."""
    path = case.spotted.claim.path or ""
    texts = case.file_texts(path)
    quoted_lines = [line for line in says.lines if not is_elision(line) and normalize_line(line)]
    if not quoted_lines:
        return undecidable("the quotation has no line that can be compared")
    for event, text in texts:
        normalized_text = "\n".join(" ".join(line.split()) for line in text.splitlines())
        if all(" ".join(line.split()) in normalized_text for line in quoted_lines):
            offset = max(text.find(quoted_lines[0]), 0)
            return Verdict(
                "supported",
                "the record has these lines of the file",
                (case.record.evidence(event, offset if event_contains(case, event, quoted_lines[0]) else 0),),
            )
    last_text = case.whole_file_text(path)
    if (
        last_text is not None
        and not case.record.has_gap_before(case.event)
        and not case.record.has_unnamed_change(last_text[0], case.event)
    ):
        normalized_text = " ".join(last_text[1].split())
        missing = [line for line in quoted_lines if " ".join(line.split()) not in normalized_text]
        if (
            len(quoted_lines) <= 3
            and missing
            and not any(
                step
                for run in case.record.runs_with_words([path.rsplit("/", 1)[-1]], case.event)
                if last_text[0] < run.call_event
                for step in run.steps
                if path.rsplit("/", 1)[-1] in step.text
            )
        ):
            return Verdict(
                "misquoted",
                f"{path}, as it was last written before the claim, does not contain “{missing[0][:100]}”",
                (case.record.evidence(last_text[0]),),
            )
    return undecidable("the record does not contain the file as it is shown here")


def event_contains(case: Case, event: int, line: str) -> bool:
    """Return whether the text of an event contains this line."""
    return line in case.record.transcript.events[event].text
