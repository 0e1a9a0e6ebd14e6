"""From what was kept of a comparison to one HTML page."""

from base64 import b64encode
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from importlib import resources
from typing import NamedTuple

from markupsafe import Markup

from gedanken import __version__
from gedanken.analysis.analysis import Case, Kept
from gedanken.analysis.verdict import main_case
from gedanken.compare.results import Judged
from gedanken.experiment.execution import Execution
from gedanken.experiment.finding import Stream
from gedanken.report import run_setup
from gedanken.report.anchors import Places, ShownFinding, find_places
from gedanken.report.curves import IMAGINED_SHOWN, beyond, chart, glyph
from gedanken.report.moves import shown_moves
from gedanken.report.outputs import Excerpt, excerpts, head, listings
from gedanken.report.surprisal import surprise_of, why_none
from gedanken.report.transcripts import SideBySide, side_by_side
from gedanken.terminal import format

CHARTS_SHOWN = 12
SERIES_SHOWN = 100
SITES_SHOWN = 200
RUNS_SHOWN = 300
HERO_SHOWN = 3
"""Curves at the top of the page; they are not shown once more below."""
FINDINGS_OPEN = 5
"""Of a kind; the rest is folded."""
CASES_NAMED = 8
"""In the contents."""
PROBLEMS_SHOWN = 20
CASES_SHOWN = 40


class Drawn(NamedTuple):
    """A series and its picture."""

    judged: Judged
    picture: Markup
    beyond: int
    """Imagined values outside the picture."""


class Key(NamedTuple):
    """How an imagined run is drawn."""

    glyph: Markup
    name: str


@dataclass(frozen=True, slots=True)
class ShownCase:
    """A case with all that is drawn and laid out of it."""

    place: str
    case: Case
    name: str
    findings: tuple[ShownFinding, ...]
    charts: tuple[Drawn, ...]
    keys: tuple[Key, ...]
    view: SideBySide | None
    excerpts: tuple[Excerpt, ...]


def render(kept: Kept) -> str:
    """The report on `kept`: one HTML file that needs no other, the same for the same input."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("gedanken.report"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_made_harmless,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        {name: getattr(format, name) for name in ("cut", "duration", "figure", "many", "probability", "span")}
    )
    environment.globals.update(interval=format.interval, who=format.who)
    style, script = _packaged("style.css"), _packaged("report.js")
    places = find_places(kept)
    cases = [_shown(number, case, places) for number, case in enumerate(kept.cases[:CASES_SHOWN], start=1)]
    newest = main_case(kept.cases)
    main = next((one for one in cases if one.case is newest), None)
    return environment.get_template("report.html.j2").render(
        kept=kept,
        places=places,
        cases=cases,
        version=__version__,
        style=Markup(style),
        script=Markup(script),
        policy=_policy(style, script),
        primary=next((one for one in newest.compared.series if one.role == "primary"), None) if newest else None,
        kinds=_kinds(places.findings),
        verdict=format.first_sentence(kept.verdict),
        moves=[(one, shown_moves(one)) for one in kept.effects],
        main=main,
        ABOVE=0 if kept.effects else HERO_SHOWN,
        brief=run_setup.brief_of(kept),
        own=run_setup.is_own(kept),
        script_lines=run_setup.script_of(kept),
        claims=run_setup.claims_of(kept.about),
        entries=run_setup.entries_of(kept.about),
        commands=run_setup.commands(kept),
        listings=listings(kept, places),
        answers=_answers(kept, places),
        surprise=surprise_of(kept.about),
        no_surprise=why_none(kept.about),
        runs=_every_run(kept),
        totals=_totals(kept),
        SERIES_SHOWN=SERIES_SHOWN,
        SITES_SHOWN=SITES_SHOWN,
        RUNS_SHOWN=RUNS_SHOWN,
        IMAGINED_SHOWN=IMAGINED_SHOWN,
        FINDINGS_OPEN=FINDINGS_OPEN,
        CASES_NAMED=CASES_NAMED,
        PROBLEMS_SHOWN=PROBLEMS_SHOWN,
        NOT_PACKAGED=run_setup.NOT_PACKAGED,
    )


def _made_harmless(value: object) -> object:
    """Of everything that a template puts on the page: nothing hidden is obeyed, nothing is endless."""
    return value if isinstance(value, Markup) else format.visible(format.brief(str(value)))


def _shown(number: int, case: Case, places: Places) -> ShownCase:
    place = f"c{number}"
    drawn = []
    for at, judged in enumerate(case.compared.series[:CHARTS_SHOWN]):
        if picture := chart(judged, f"{place}g{at}"):
            drawn.append(Drawn(judged, picture, beyond(judged)))
    samples = [one for one in case.imagined if one.sample != 0]
    keys = tuple(Key(glyph(at), format.who(one)) for at, one in enumerate(samples[:IMAGINED_SHOWN]))
    view = side_by_side(case, places)
    alignment = case.compared.alignment
    shown: set[tuple[str, Stream]] = set()
    if view and alignment:
        shown = {(view.real, alignment.real_counted_in), (view.imagined, "stdout")}
    return ShownCase(
        place,
        case,
        case.program.label if case.program else "The logs",
        tuple(one for one in places.findings if one.finding in case.compared.findings),
        tuple(drawn),
        keys,
        view,
        excerpts((*case.real, *case.imagined), places, shown),
    )


def _answers(kept: Kept, places: Places) -> list[tuple[str, list[Excerpt]]]:
    """Outputs of the commands that run no program, both worlds together, by command."""
    of_cases = {id(one) for case in kept.cases for one in (*case.real, *case.imagined)}
    rest = [one for one in kept.executions if id(one) not in of_cases]
    by_command: dict[tuple[int, str], list[Excerpt]] = {}
    for execution in rest[:RUNS_SHOWN]:
        by_command.setdefault((execution.line, execution.command), []).append(head(execution, places))
    return [(command, shown) for (_line, command), shown in by_command.items()]


def _every_run(kept: Kept) -> list[Execution]:
    cases: Iterable[Execution] = (one for case in kept.cases for one in (*case.real, *case.imagined))
    return list({id(one): one for one in (*kept.executions, *cases)}.values())


def _totals(kept: Kept) -> dict[str, float]:
    """Seconds that the real and the imagined runs took."""
    runs = _every_run(kept)
    return {
        "real": sum(one.seconds for one in runs if not one.imagined),
        "imagined": sum(one.seconds for one in runs if one.imagined),
    }


def _kinds(findings: list[ShownFinding]) -> list[tuple[str, list[ShownFinding]]]:
    """Findings under their kinds, in order of first appearance."""
    kinds = Counter(one.finding.kind for one in findings)
    return [(kind, [one for one in findings if one.finding.kind == kind]) for kind in kinds]


def _packaged(name: str) -> str:
    return (resources.files("gedanken.report") / name).read_text(encoding="utf-8")


def _policy(style: str, script: str) -> str:
    """The content security policy: nothing but our own style and script, and no network."""
    hashes = [b64encode(sha256(text.encode()).digest()).decode() for text in (style, script)]
    return (
        f"default-src 'none'; style-src 'sha256-{hashes[0]}'; script-src 'sha256-{hashes[1]}'; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    )
