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

    Sites without words are replaced by one site per form, unless their lines may vary. A logger's prefix gets its
    words in place of a hole.
    """
    if len(real) < FEWEST:
        return tuple(sites)
    bare = dict.fromkeys(site for site in sites if site.is_open and site.by != "bar")
    return (*(_framed(site, real) for site in sites if site not in bare), *_forms(tuple(bare), real))


def _forms(sites: Sequence[PrintSite], real: Sequence[Ledger]) -> Iterable[PrintSite]:
    shown = [dict(_lines_by_form(sites, ledger)) for ledger in real]
    # A site that is not always printed, or belongs to a logger, may print other words in another run.
    may_be_others = any(site.depends_on != "nothing" or site.by == "log" for site in sites)
    if may_be_others or any(one.keys() != shown[0].keys() for one in shown):
        return sites
    return [_with_form(site, form) for form, site in shown[0].items()]


def _lines_by_form(sites: Sequence[PrintSite], ledger: Ledger) -> Iterator[tuple[str, PrintSite]]:
    script = ledger.transcript
    for site in sites:
        for at in np.unique(script.form_of[ledger.lines_of(site)]).tolist():
            yield script.forms[at], site


def _with_form(site: PrintSite, form: str) -> PrintSite:
    """Return the site with `form` if the two fit; otherwise a new site made from `form`, without a line number."""
    if form.count("#") == len(site.holes) and not any(map(str.isalpha, form)):
        return replace(site, form=form)
    return PrintSite(template_of(form, HOLE), NO_LINE, form=form)


def _framed(site: PrintSite, real: Sequence[Ledger]) -> PrintSite:
    """Return the logging site with the prefix that all real runs have in place of its first hole."""
    if not site.holes or not site.holes[0].is_frame or not site.template.startswith(HOLE):
        return site
    frames = [
        {VALUE.sub(HOLE, values[0]) for at in ledger.lines_of(site) if (values := site.values(ledger.text(int(at))))}
        for ledger in real
    ]
    if len(frames[0]) != 1 or any(frame != frames[0] for frame in frames):
        return site
    frame = frames[0].pop()
    holes = (*[Hole()] * frame.count(HOLE), *site.holes[1:])
    return replace(site, template=frame + site.template.removeprefix(HOLE), holes=holes)
