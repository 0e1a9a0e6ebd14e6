"""Decides whether lines of a form that no real run has are evidence, or may be due to chance."""

from collections import Counter
from collections.abc import Iterable
from functools import cached_property
from typing import NamedTuple

import numpy as np
from rapidfuzz import fuzz, process

from gedanken.compare.output.stopping import mentions_stopping
from gedanken.compare.output.transcript import template_of
from gedanken.compare.parsed.ledger_of_lines import MIN_SIMILARITY, Entry, words_of
from gedanken.compare.parsed.run_set import ParsedRun, RunSet, shorten
from gedanken.compare.parsed.templates import NO_LINE
from gedanken.compare.results import Doubt
from gedanken.compare.source.print_sites import PrintSite
from gedanken.experiment.counts import format_count

MIN_REPEATS = 3
"""If real runs have odd forms, a print that only some imagined runs reword is reported only if each real run shows it
at least this many times.
"""
MAX_ODD_SIMILARITY = 60.0
"""Similarity in percent below which a line has nothing in common with an odd form.

An odd form is one that only one real run has.
"""
MOST_ODD = 500
"""Maximum number of odd forms with which lines are compared."""


class NewForms:
    """Judges the forms of imagined lines that no real run has.

    A form is *odd* if exactly one real run has it. If real runs have odd forms, a new form in an imagined run may be
    due to chance.
    """

    def __init__(self, run_set: RunSet) -> None:
        self._run_set = run_set
        self._is_reported: dict[str, bool] = {}

    @cached_property
    def _odd_forms(self) -> list[list[str]]:
        """For each real run, the forms that no other real run has."""
        run_set = self._run_set
        if len(run_set.real) < 2:
            return [[] for _run in run_set.real]
        if run_set.templates is not None:
            return run_set.templates.odd_templates
        return [
            [
                form
                for entry in run.ledger.first_of_each_form("foreign")
                if not any(
                    (form := form_of(run, entry)) in other_run.forms
                    for other_run in run_set.real
                    if other_run is not run
                )
            ]
            for run in run_set.real
        ]

    @cached_property
    def _odd_words(self) -> list[str]:
        return [words_of(form.replace("#", " ")) for forms in self._odd_forms for form in forms][:MOST_ODD]

    @cached_property
    def has_no_odd_forms(self) -> bool:
        """True if no real run has odd forms. Every new form is then evidence."""
        return not any(self._odd_forms)

    def reported_entries(self, run: ParsedRun, entries: Iterable[Entry]) -> list[Entry]:
        """Return the entries that differ from the real runs by more than real runs differ among themselves.

        `entries` are lines of an imagined run that resemble no print.
        """
        new_entries = [entry for entry in entries if form_of(run, entry) not in self._run_set.forms]
        other_ends = [entry for entry in new_entries if self._is_other_end(run, entry)]
        self._is_reported |= {entry.text: False for entry in other_ends}
        new_entries = [entry for entry in new_entries if entry not in other_ends]
        if self.has_no_odd_forms:
            return new_entries
        has_surplus = len(new_entries) > 1 + 2 * max(map(len, self._odd_forms))
        reported = [
            entry
            for entry in new_entries
            if self._is_unlike(entry.text) and (has_surplus or self._is_shared(run, entry))
        ]
        self._is_reported |= {entry.text: entry in reported for entry in new_entries}
        return reported

    def is_reworded(self, run: ParsedRun, entry: Entry) -> bool:
        """Return whether a line is a reworded print, and not a variant that a further real run might show."""
        form = form_of(run, entry)
        if entry.site is None or form in self._run_set.forms:
            return False
        if self._is_other_end(run, entry):
            self._is_reported[entry.text] = False
            return False
        if self.has_no_odd_forms:
            return True
        reported = self._is_worded_alike(entry.site) and (
            self._is_frequent(entry.site) or self._is_shared(run, entry)
        )
        self._is_reported[entry.text] = reported
        return reported

    def undecided(self) -> Doubt | None:
        """Return a `Doubt` about the lines that could not be judged; None if all lines could be judged."""
        undecided_texts = [text for text, reported in self._is_reported.items() if not reported]
        if not undecided_texts:
            return None
        question = (
            f"whether {format_count(len(undecided_texts), 'line')} such as “{shorten(undecided_texts[0])}” "
            f"{'is' if len(undecided_texts) == 1 else 'are'} invented"
        )
        odd_of_runs = [forms for forms in self._odd_forms if forms]
        if not odd_of_runs:
            words = shorten(next(iter(self._end_templates)).words)
            return Doubt(
                question,
                f"real runs end with “{words}”, and a run that ends for another reason may print other words",
            )
        form = template_of(odd_of_runs[0][0], "{}")
        verb = "has" if len(odd_of_runs) == 1 else "have"
        return Doubt(
            question,
            f"{len(odd_of_runs)} of {format_count(len(self._odd_forms), 'real run')} {verb} lines of a form that no "
            f"other run has, such as “{shorten(form)}”",
        )

    def _is_unlike(self, text: str) -> bool:
        words = words_of(text)
        return (
            not self._odd_words
            or max(fuzz.ratio(words, odd_words) for odd_words in self._odd_words) < MAX_ODD_SIMILARITY
        )

    @cached_property
    def _imagined_counts(self) -> Counter[str]:
        """The number of imagined runs that contain each form."""
        return Counter(form for run in self._run_set.imagined for form in run.forms)

    @cached_property
    def _real_counts(self) -> frozenset[int]:
        """All n for which some form occurs in exactly n real runs, but not in all of them."""
        run_counts = Counter(form for run in self._run_set.real for form in run.forms)
        return frozenset(run_counts.values()) - {len(self._run_set.real)}

    def _is_shared(self, run: ParsedRun, entry: Entry) -> bool:
        """Return whether all imagined runs have the form of this line, and not by chance.

        False if there is only one imagined run.
        """
        # With n imagined runs, it may be chance if some form occurs in exactly n real runs, but not in all of them.
        times = self._imagined_counts[form_of(run, entry)]
        return times > 1 and times == len(self._run_set.imagined) and times not in self._real_counts

    @cached_property
    def _end_templates(self) -> tuple[PrintSite, ...]:
        """The templates of lines that say why a run ended. Each real log contains them exactly once."""
        sites = [site for site in self._run_set.sites if site.line == NO_LINE and mentions_stopping(site.words)]
        return tuple(site for site in sites if all(len(run.ledger.lines_of(site)) == 1 for run in self._run_set.real))

    def _is_other_end(self, run: ParsedRun, entry: Entry) -> bool:
        """Return whether a line may say that the run ended for a reason that no real run had."""
        if not self._end_templates or not mentions_stopping(entry.text) or self._is_shared(run, entry):
            return False
        is_exact = run.ledger.is_kind("site")
        return any(not is_exact[run.ledger.lines_of(site)].any() for site in self._end_templates)

    def _is_worded_alike(self, site: PrintSite) -> bool:
        """Return whether all real runs word this print alike.

        They do if no odd form is similar to it.
        """
        return site.template not in self._varying_templates

    @cached_property
    def _varying_templates(self) -> frozenset[str]:
        similar = set()
        odd_words = self._odd_words
        if odd_words:
            sites = [site for site in self._run_set.sites if self._is_in_all_runs(site)]
            words = [words_of(template_of(site.template, " ").replace("\x00", " ")) for site in sites]
            scores = process.cdist(odd_words, words, scorer=fuzz.ratio, score_cutoff=MIN_SIMILARITY)
            similar = {sites[index].template for index in np.flatnonzero((scores > 0).any(axis=0)).tolist()}
        return frozenset(similar)

    def _is_in_all_runs(self, site: PrintSite) -> bool:
        return site.line != NO_LINE or all(len(run.ledger.lines_of(site)) for run in self._run_set.real)

    def _is_frequent(self, site: PrintSite) -> bool:
        return site.line != NO_LINE or all(
            len(run.ledger.lines_of(site)) >= MIN_REPEATS for run in self._run_set.real
        )


def form_of(run: ParsedRun, entry: Entry) -> str:
    """Return the form of an entry's line."""
    return run.transcript.forms[int(run.transcript.form_of[entry.number - 1])]


class NewForm(NamedTuple):
    """A reported form that no real run has."""

    times: int
    """Number of lines of this form."""
    site: int
    """Index of the most similar print; -1 for none."""


def replacing_forms(run_set: RunSet, run: ParsedRun) -> list[NewForm]:
    """Return the new forms of an imagined log that `NewForms` reports; empty if the source is known."""
    if run_set.source is not None:
        return []
    judge = run_set.compute_once(NewForms)
    reported = judge.reported_entries(run, run.ledger.first_of_each_form("foreign"))
    reported += [entry for entry in run.ledger.first_of_each_form("literal") if judge.is_reworded(run, entry)]
    transcript, site_of = run.transcript, run.ledger.site_of
    return [
        NewForm(int(np.count_nonzero(transcript.form_of == transcript.form_of[line])), int(site_of[line]))
        for line in (entry.number - 1 for entry in reported)
    ]
