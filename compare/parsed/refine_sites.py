"""Completes print sites whose words are not in the source, such as `print(model)` or the prefix of a log line, with
the words that real runs print there.
"""

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

    A site without words matches any line. If the lines of the sites without words have the same forms in all real
    runs, one new site for each form replaces these sites. But no site is replaced if one of these sites is not always
    printed, or belongs to a logger, because its words may then vary.

    A logger's site with words begins with a hole for the logger's prefix. If all real runs have the same words there,
    these words replace the hole.
    """
    if len(real) < FEWEST:
        return tuple(sites)
    bare = dict.fromkeys(site for site in sites if site.is_open and site.by != "bar")
    return (*(_framed(site, real) for site in sites if site not in bare), *_forms(tuple(bare), real))


def _forms(sites: Sequence[PrintSite], real: Sequence[Ledger]) -> Iterable[PrintSite]:
    shown = [dict(_lines_by_form(sites, ledger)) for ledger in real]
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
    """If `form` has no words, and as many values as the site has holes, return the site with `form` as its form.
    Otherwise, return a new site that is made from `form` and has no line number."""
    if form.count("#") == len(site.holes) and not any(map(str.isalpha, form)):
        return replace(site, form=form)
    return PrintSite(template_of(form, HOLE), NO_LINE, form=form)


def _framed(site: PrintSite, real: Sequence[Ledger]) -> PrintSite:
    """If a logger's prefix has the same words in all real runs, return the logging site with these words in place of
    the hole for the prefix. Otherwise, return the site itself."""
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
