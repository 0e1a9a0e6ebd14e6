"""Decides whether line forms that no real run has are evidence or may be chance."""

from collections import Counter
from collections.abc import Iterable
from functools import cached_property
from typing import NamedTuple

import numpy as np
from rapidfuzz import fuzz, process

from gedanken.compare.output.stopping import tells_of_a_stop
from gedanken.compare.output.transcript import template_of
from gedanken.compare.parsed.ledger_of_lines import NEARNESS, Entry, words_of
from gedanken.compare.parsed.run_set import ParsedRun, RunSet, short
from gedanken.compare.parsed.templates import NO_LINE
from gedanken.compare.results import Doubt
from gedanken.compare.source.print_sites import PrintSite
from gedanken.experiment.counts import many

OFTEN = 3
"""Minimum number of times that each real run must show a print before a rewording of it is reported."""
UNLIKE = 60.0
"""Similarity in percent below which a line has nothing in common with an odd form (one that only one real run
has)."""
MOST_ODD = 500
"""Maximum number of odd forms with which lines are compared."""


class NewForms:
    """Judges forms of lines that no real run has.

    If real runs have *odd* forms, each in one run only, new forms may be chance.
    """

    def __init__(self, run_set: RunSet) -> None:
        self._run_set = run_set
        self._judged: dict[str, bool] = {}

    @cached_property
    def _odd(self) -> list[list[str]]:
        """For each real run, the forms that no other real run has."""
        run_set = self._run_set
        if len(run_set.real) < 2:
            return [[] for _run in run_set.real]
        if run_set.templates is not None:
            return run_set.templates.odd
        return [
            [
                form
                for entry in run.ledger.one_of_each("foreign")
                if not any((form := form_of(run, entry)) in other.forms for other in run_set.real if other is not run)
            ]
            for run in run_set.real
        ]

    @cached_property
    def _odd_words(self) -> list[str]:
        return [words_of(form.replace("#", " ")) for forms in self._odd for form in forms][:MOST_ODD]

    @cached_property
    def are_complete(self) -> bool:
        """True if no real run has a form that all others lack; then every new form is evidence."""
        return not any(self._odd)

    def reported(self, run: ParsedRun, entries: Iterable[Entry]) -> list[Entry]:
        """Return the entries that differ from the real runs by more than real runs differ among themselves.

        `entries` are lines of an imagined run that resemble no print.
        """
        new = [entry for entry in entries if form_of(run, entry) not in self._run_set.forms]
        other_ends = [entry for entry in new if self._is_other_end(run, entry)]
        self._judged |= {entry.text: False for entry in other_ends}
        new = [entry for entry in new if entry not in other_ends]
        if self.are_complete:
            return new
        surplus = len(new) > 1 + 2 * max(map(len, self._odd))
        kept = [entry for entry in new if self._is_unlike(entry.text) and (surplus or self._is_shared(run, entry))]
        self._judged |= {entry.text: entry in kept for entry in new}
        return kept

    def is_reworded(self, run: ParsedRun, entry: Entry) -> bool:
        """Return whether a line is a reworded print, and not one of the lines that only some real runs have."""
        form = form_of(run, entry)
        if entry.site is None or form in self._run_set.forms:
            return False
        if self._is_other_end(run, entry):
            self._judged[entry.text] = False
            return False
        if self.are_complete:
            return True
        reported = self._is_firm(entry.site) and (self._is_often(entry.site) or self._is_shared(run, entry))
        self._judged[entry.text] = reported
        return reported

    def undecided(self) -> Doubt | None:
        """Return which lines could not be judged, and why; None if all lines could be judged."""
        left = [text for text, reported in self._judged.items() if not reported]
        if not left:
            return None
        what = (
            f"whether {many(len(left), 'line')} such as “{short(left[0])}” "
            f"{'is' if len(left) == 1 else 'are'} invented"
        )
        own = [forms for forms in self._odd if forms]
        if not own:
            words = short(next(iter(self._ends)).words)
            return Doubt(
                what, f"real runs end with “{words}”, and a run that ends for another reason may print other words"
            )
        form = template_of(own[0][0], "{}")
        verb = "has" if len(own) == 1 else "have"
        return Doubt(
            what,
            f"{len(own)} of {many(len(self._odd), 'real run')} {verb} lines of a form that no other run has, such as "
            f"“{short(form)}”",
        )

    def _is_unlike(self, text: str) -> bool:
        words = words_of(text)
        return not self._odd_words or max(fuzz.ratio(words, other) for other in self._odd_words) < UNLIKE

    @cached_property
    def _standing(self) -> Counter[str]:
        """The number of imagined runs that contain each form."""
        return Counter(form for run in self._run_set.imagined for form in run.forms)

    @cached_property
    def _real_counts(self) -> frozenset[int]:
        """All numbers n for which some form occurs in exactly n real runs, but not in all of them."""
        standing = Counter(form for run in self._run_set.real for form in run.forms)
        return frozenset(standing.values()) - {len(self._run_set.real)}

    def _is_shared(self, run: ParsedRun, entry: Entry) -> bool:
        """Return whether there are several imagined runs, and all have the form of this line, not by chance."""
        # With n imagined runs, it may be chance if some form occurs in exactly n real runs, but not in all of them.
        times = self._standing[form_of(run, entry)]
        return times > 1 and times == len(self._run_set.imagined) and times not in self._real_counts

    @cached_property
    def _ends(self) -> tuple[PrintSite, ...]:
        """The templates of lines that say why a run ended, and that each real log contains exactly once."""
        sites = [site for site in self._run_set.sites if site.line == NO_LINE and tells_of_a_stop(site.words)]
        return tuple(site for site in sites if all(len(run.ledger.lines_of(site)) == 1 for run in self._run_set.real))

    def _is_other_end(self, run: ParsedRun, entry: Entry) -> bool:
        """Return whether a line may say why the run ended, for a reason that no real run had."""
        if not self._ends or not tells_of_a_stop(entry.text) or self._is_shared(run, entry):
            return False
        firm = run.ledger.is_kind("site")
        return any(not firm[run.ledger.lines_of(site)].any() for site in self._ends)

    def _is_firm(self, site: PrintSite) -> bool:
        """Return whether all real runs word this print alike: no odd form is similar to it."""
        return site.template not in self._loose

    @cached_property
    def _loose(self) -> frozenset[str]:
        near = set()
        odd = self._odd_words
        if odd:
            sites = [site for site in self._run_set.sites if self._is_everywhere(site)]
            words = [words_of(template_of(site.template, " ").replace("\x00", " ")) for site in sites]
            scores = process.cdist(odd, words, scorer=fuzz.ratio, score_cutoff=NEARNESS)
            near = {sites[at].template for at in np.flatnonzero((scores > 0).any(axis=0)).tolist()}
        return frozenset(near)

    def _is_everywhere(self, site: PrintSite) -> bool:
        return site.line != NO_LINE or all(len(run.ledger.lines_of(site)) for run in self._run_set.real)

    def _is_often(self, site: PrintSite) -> bool:
        return site.line != NO_LINE or all(len(run.ledger.lines_of(site)) >= OFTEN for run in self._run_set.real)


def form_of(run: ParsedRun, entry: Entry) -> str:
    """Return the form of the line of an entry: `#` stands in place of each value."""
    return run.transcript.forms[int(run.transcript.form_of[entry.number - 1])]


class Replacing(NamedTuple):
    """A reported form that no real run has."""

    times: int
    """Number of lines of this form."""
    site: int
    """Index of the most similar print; -1 for none."""


def replacing_forms(run_set: RunSet, run: ParsedRun) -> list[Replacing]:
    """Return the reported new forms of an imagined log, and how often each occurs; empty if the source is known."""
    if run_set.source is not None:
        return []
    judge = run_set.once(NewForms)
    reported = judge.reported(run, run.ledger.one_of_each("foreign"))
    reported += [entry for entry in run.ledger.one_of_each("literal") if judge.is_reworded(run, entry)]
    script, site_of = run.transcript, run.ledger.site_of
    return [
        Replacing(int(np.count_nonzero(script.form_of == script.form_of[at])), int(site_of[at]))
        for at in (entry.number - 1 for entry in reported)
    ]
