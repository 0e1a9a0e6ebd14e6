"""Completes print sites whose words are not in the source, such as `print(model)`, with words from real runs."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

import numpy as np

from gedanken.compare.output.transcript import VALUE, template_of
from gedanken.compare.output.wording import HOLE, Hole
from gedanken.compare.parsed.ledger_of_lines import Ledger
from gedanken.compare.parsed.templates import NO_LINE
from gedanken.compare.source.print_sites import PrintSite

FEWEST = 2
"""Minimum number of real runs that must agree on words that are not in the source."""


def refine_sites(sites: Sequence[PrintSite], real: Sequence[Ledger]) -> tuple[PrintSite, ...]:
    """Return the print sites of a program, with the words on which all its real runs agree.

    A site without words of its own, such as `print(model)`, is replaced by one site per form, unless its lines may
    vary. The first hole of a logged line is replaced by the logger's prefix.
    """
    if len(real) < FEWEST:
        return tuple(sites)
    open_sites = dict.fromkeys(site for site in sites if site.is_ambiguous and site.kind != "bar")
    return (
        *(_with_common_prefix(site, real) for site in sites if site not in open_sites),
        *_sites_from_forms(tuple(open_sites), real),
    )


def _sites_from_forms(sites: Sequence[PrintSite], real: Sequence[Ledger]) -> Iterable[PrintSite]:
    site_by_form = [dict(_lines_by_form(sites, ledger)) for ledger in real]
    # A site that is not always printed, or belongs to a logger, may print other words in another run.
    may_be_others = any(site.depends_on != "nothing" or site.kind == "log" for site in sites)
    if may_be_others or any(forms.keys() != site_by_form[0].keys() for forms in site_by_form):
        return sites
    return [_with_form(site, form) for form, site in site_by_form[0].items()]


def _lines_by_form(sites: Sequence[PrintSite], ledger: Ledger) -> Iterator[tuple[str, PrintSite]]:
    transcript = ledger.transcript
    for site in sites:
        for index in np.unique(transcript.form_of[ledger.lines_of(site)]).tolist():
            yield transcript.forms[index], site


def _with_form(site: PrintSite, form: str) -> PrintSite:
    """Return `site`, limited to lines of `form`, if the form has no words and as many numbers as the site.

    Otherwise, return a new site made from `form`, without a line number.
    """
    if form.count("#") == len(site.holes) and not any(map(str.isalpha, form)):
        return replace(site, form=form)
    return PrintSite(template_of(form, HOLE), NO_LINE, form=form)


def _with_common_prefix(site: PrintSite, real: Sequence[Ledger]) -> PrintSite:
    """Replace the first hole of a site by the logger's prefix on which all real runs agree.

    If the site has no logger's prefix, or real runs differ in it, return the site unchanged.
    """
    if not site.holes or not site.holes[0].is_frame or not site.template.startswith(HOLE):
        return site
    prefixes = [
        {
            VALUE.sub(HOLE, values[0])
            for line in ledger.lines_of(site)
            if (values := site.values(ledger.text(int(line))))
        }
        for ledger in real
    ]
    if len(prefixes[0]) != 1 or any(prefix != prefixes[0] for prefix in prefixes):
        return site
    prefix = prefixes[0].pop()
    holes = (*[Hole()] * prefix.count(HOLE), *site.holes[1:])
    return replace(site, template=prefix + site.template.removeprefix(HOLE), holes=holes)
