"""A program and edits of it that change nothing in what runs: do they change what a model prints?"""

from collections.abc import Sequence
from dataclasses import dataclass

from compare.comparison import Observed
from compare.intervals import Share, share_of
from compare.seen import seen_lines
from compare.source import PrintSite, Source
from experiment.execution import Cause, Execution


@dataclass(frozen=True, slots=True)
class Edited:
    """One edit of a program with its runs."""

    edit: str
    source: str
    real: Execution
    trunk: Execution
    """Imagined at temperature 0."""
    again: Execution
    """The same asked once more: a server that repeats itself replies the same."""
    samples: tuple[Execution, ...]
    """Imagined at temperature 1."""


@dataclass(frozen=True, slots=True)
class SitePrints:
    """One print of the program: how often its line was printed."""

    words: str
    real: int
    trunk: int
    samples: tuple[int, ...]
    reworded: tuple[str, ...]
    """Imagined lines that are this print's in other words; empty where its wording was kept."""


@dataclass(frozen=True, slots=True)
class EditReport:
    """What one edit changed."""

    edit: str
    really_same: bool
    """Whether it really prints the same, to the byte, and ends the same."""
    repeats: bool
    """Whether the server replied the same when it was asked the same again."""
    same: bool
    """Whether the imagined text at temperature 0 is that of the program as it is."""
    differs_at: tuple[str, str] | None
    """The first line that is another: as it is, and edited."""
    sites: tuple[SitePrints, ...]
    once: Share
    """Samples that print the watched line exactly once, of those where that is known: a reply that was cut before a
    second one leaves it open."""
    cut: int
    """Imagined replies, the one at temperature 0 included, that the token limit cut."""


def compare_edits(edited: Sequence[Edited], watched: int) -> tuple[EditReport, ...]:
    """Hold every edit against the first of them, the program as it is. `watched` is the index of a print site.

    Raises SyntaxError for a source that cannot be parsed.
    """
    return tuple(_report(edited[0], one, watched) for one in edited)


def verdict_on(reports: Sequence[EditReport]) -> str:
    """What the edits show, in plain sentences."""
    first, *edits = reports
    fair = [one for one in edits if one.really_same and one.repeats and first.repeats]
    changed = [one for one in fair if not one.same]
    if not fair:
        said = "No edit can be judged."
    elif changed:
        said = (
            f"{len(changed)} of {len(fair)} edits that change nothing in what runs changed what the model printed: "
            "it read the program, it did not run it."
        )
    else:
        said = (
            f"None of {len(fair)} edits that change nothing in what runs changed what the model printed; "
            "that does not prove that it ran the program."
        )
    really = sum(not one.really_same for one in edits)
    unsteady = sum(one.really_same for one in edits) - len(fair)
    if really:
        said += f" {really} left out: really run, they print something else."
    if unsteady:
        said += f" {unsteady} left out: asked the same again, the server replied something else."
    return said


def _report(first: Edited, one: Edited, watched: int) -> EditReport:
    sites = Source(one.source).print_sites()
    samples = [Observed(sample, sites) for sample in one.samples]
    counts = [(_count(sample, sites[watched]), sample.execution.cause is Cause.CUT) for sample in samples]
    known = [count for count, cut in counts if not cut or count > 1]
    return EditReport(
        edit=one.edit,
        really_same=(one.real.stdout, one.real.exit_code) == (first.real.stdout, first.real.exit_code),
        repeats=one.trunk.output == one.again.output,
        same=seen_lines(one.trunk.stdout) == seen_lines(first.trunk.stdout),
        differs_at=_first_difference(seen_lines(first.trunk.stdout), seen_lines(one.trunk.stdout)),
        sites=tuple(_prints(site, one, samples, sites) for site in sites),
        once=share_of(known.count(1), len(known)),
        cut=sum(reply.cause is Cause.CUT for reply in (one.trunk, *one.samples)),
    )


def _prints(site: PrintSite, one: Edited, samples: Sequence[Observed], sites: tuple[PrintSite, ...]) -> SitePrints:
    trunk = Observed(one.trunk, sites)
    return SitePrints(
        words=site.words,
        real=_count(Observed(one.real, sites), site),
        trunk=_count(trunk, site),
        samples=tuple(_count(sample, site) for sample in samples),
        reworded=tuple(
            dict.fromkeys(
                entry.text.strip()
                for run in (trunk, *samples)
                for entry in run.ledger
                if entry.site == site and entry.kind == "literal"
            )
        ),
    )


def _count(run: Observed, site: PrintSite) -> int:
    """How many lines this site made, in its own words or in others."""
    return sum(entry.site == site for entry in run.ledger)


def _first_difference(ours: Sequence[str], theirs: Sequence[str]) -> tuple[str, str] | None:
    for at in range(max(len(ours), len(theirs))):
        pair = tuple(lines[at] if at < len(lines) else "" for lines in (ours, theirs))
        if pair[0] != pair[1]:
            return pair[0], pair[1]
    return None
