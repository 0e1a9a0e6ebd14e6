"""Judges whether edits that do not change what a program does change what a model imagines that it prints."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from gedanken.compare.output.transcript import form_of_line
from gedanken.compare.output.visible_lines import normalized_lines
from gedanken.compare.parsed.left_out import format_left_out
from gedanken.compare.parsed.print_table import PrintRow, rows_for
from gedanken.compare.parsed.run_set import ParsedRun
from gedanken.compare.source.program_source import Source
from gedanken.compare.stats.proportions import Share, wilson_share
from gedanken.experiment.execution import Cause, Execution


@dataclass(frozen=True, slots=True)
class EditedVersion:
    """One version of a program, either unedited or with one edit, together with its runs."""

    edit: str
    source: str
    real: Execution
    trunk: Execution
    """The run imagined at temperature 0."""
    again: Execution
    """The run imagined when the request for `trunk` was sent a second time. A deterministic server gives the same
    reply.
    """
    samples: tuple[Execution, ...]
    """The runs imagined at temperature 1."""


Imagined = Literal["the same", "numbers differ", "lines differ"]
"""How the imagined output of the edited program differs from that of the unedited one. `numbers differ`: nothing
but numbers and spaces differs.
"""


@dataclass(frozen=True, slots=True)
class EditReport:
    """The effect of one edit."""

    edit: str
    really_same: bool
    """True if the edited and the unedited program print exactly the same in real runs, and have the same exit
    code.
    """
    repeats: bool
    """True if the server gave the same reply when the request was repeated."""
    imagined: Imagined
    """Difference between the outputs imagined at temperature 0 for the edited and for the unedited program."""
    differs_at: tuple[str, str] | None
    """The first line that differs, as imagined for the unedited and for the edited program; None if no line
    differs."""
    prints: tuple[PrintRow, ...]
    """What each print of the program printed in the real run and in the imagined ones (`trunk`, `samples`)."""
    once: Share
    """Share of the samples that show exactly one line of the watched print. A sample that was cut off before a
    second line could come is not counted.
    """
    answered: bool
    """True if the replies of `trunk` and `again` are both usable: not filtered, refused or cut to nothing."""
    no_runs: str | None
    """A sentence that says how many of the imagined replies cannot be used, and why; None if all can be used."""
    cut: int
    """Number of replies, among `trunk` and `samples`, that were cut off at the token limit."""


def compare_edits(edited: Sequence[EditedVersion], watched: int) -> tuple[EditReport, ...]:
    """Compare every edited version with the first version, which is the unedited program.

    `watched` is the index of the print whose lines are counted. Raises SyntaxError if a source cannot be parsed.
    """
    return tuple(_report(edited[0], edit, watched) for edit in edited)


def format_invariance_verdict(reports: Sequence[EditReport], watched: int) -> str:
    """State in plain sentences how many edits changed the imagined output."""
    first, *edits = reports
    judged = [edit for edit in edits if edit.really_same and edit.repeats and first.repeats and edit.answered]
    judged = judged if first.answered else []
    changed_reports = [report for report in judged if report.imagined != "the same"]
    line_changes = sum(report.imagined == "lines differ" for report in judged)
    if not judged:
        verdict = "No edit can be judged."
    elif changed_reports:
        verdict = (
            f"{len(changed_reports)} of {len(judged)} edits changed the imagined output, although they do not affect "
            f"what is executed ({line_changes} of these edits changed lines or their words, such as how often "
            f"“{first.prints[watched].words}” occurs; the rest changed only numbers). In real runs, the "
            "output stays the same, byte for byte."
        )
    else:
        verdict = (
            f"None of {len(judged)} edits, which do not affect what is executed, changed the imagined output; this "
            "does not prove that the model ran the program."
        )
    really_changed = sum(not edit.really_same for edit in edits)
    unanswered = [edit for edit in edits if edit.really_same and not (edit.answered and first.answered)]
    unrepeatable = sum(edit.really_same for edit in edits) - len(judged) - len(unanswered)
    if really_changed:
        verdict += f" Edits left out because the output differs in real runs: {really_changed}."
    if unanswered:
        reason = first.no_runs if not first.answered else unanswered[0].no_runs
        verdict += f" Edits left out because the model's replies cannot be used ({reason}): {len(unanswered)}."
    if unrepeatable:
        verdict += f" Edits left out because the server replied differently to a repeated request: {unrepeatable}."
    return verdict


def _report(first: EditedVersion, edited: EditedVersion, watched: int) -> EditReport:
    prints = rows_for(edited.edit, Source(edited.source), (edited.real, edited.trunk, *edited.samples))
    line_counts = prints[watched].imagined.times
    counts = [(line_counts[sample.label], sample.cause is Cause.CUT) for sample in edited.samples if sample.is_run]
    complete_counts = [count for count, cut in counts if not cut or count > 1]
    base_lines, edited_lines = (normalized_lines(ParsedRun(version.trunk, ()).text) for version in (first, edited))
    return EditReport(
        edit=edited.edit,
        really_same=(edited.real.stdout, edited.real.exit_code) == (first.real.stdout, first.real.exit_code),
        answered=edited.trunk.is_run and edited.again.is_run,
        no_runs=format_left_out((edited.trunk, edited.again, *edited.samples)),
        repeats=edited.trunk.raw_reply == edited.again.raw_reply,
        imagined=_compare_lines(base_lines, edited_lines),
        differs_at=_first_difference(base_lines, edited_lines),
        prints=prints,
        once=wilson_share(complete_counts.count(1), len(complete_counts)),
        cut=sum(reply.cause is Cause.CUT for reply in (edited.trunk, *edited.samples)),
    )


def _compare_lines(base: Sequence[str], edited: Sequence[str]) -> Imagined:
    if base == edited:
        return "the same"
    return "numbers differ" if [*map(form_of_line, base)] == [*map(form_of_line, edited)] else "lines differ"


def _first_difference(base: Sequence[str], edited: Sequence[str]) -> tuple[str, str] | None:
    for index in range(max(len(base), len(edited))):
        pair = tuple(lines[index] if index < len(lines) else "" for lines in (base, edited))
        if pair[0] != pair[1]:
            return pair[0], pair[1]
    return None
