"""Findings on lines: how a run ended, whose a line is, what its words are."""

from collections.abc import Iterable, Sequence

from compare.comparison import LINES_SHOWN, Comparison, Observed, share, short, verb
from compare.lines.print_sites import HOLE, PrintSite
from compare.lines.transcript import skeleton
from compare.numbers.durations import untimed
from experiment.execution import Cause
from experiment.finding import Finding, LineRef

_OWN_ENDS = (Cause.FINISHED, Cause.FAILED, Cause.OUT_OF_MEMORY)
"""How a program ends where our own limits do not end it."""


def exit_status(these: Comparison) -> Iterable[Finding]:
    """The real runs end one way, an imagined one the other."""
    real = {run.execution.exit_code == 0 for run in these.real if run.execution.cause in _OWN_ENDS}
    if len(real) != 1:
        return
    works = real.pop()
    other = [
        run
        for run in these.imagined
        if run.execution.exit_code is not None
        and (run.execution.exit_code == 0) != works
        # An imagined exit code is read off the output: equal output is as good as it gets.
        and run.text.strip() not in {real.execution.output.strip() for real in these.real}
    ]
    if not other:
        return
    ends = ("ended with exit code 0", "failed")
    yield Finding(
        "exit status differs",
        f"{these.name} really {ends[not works]}; {share(other, these.imagined)} {ends[works]}.",
        tuple(run.ref(len(run.lines) - 1) for run in other if run.lines),
    )


def foreign_lines(these: Comparison) -> Iterable[Finding]:
    """Printed lines that no print statement of the program makes."""
    if these.source is None:
        yield from _lines_in_no_log(these)
        return
    if any(site.template.strip(f"{HOLE} ") == "" for site in these.source.terminal_sites()):
        return  # a bare print(x) can make any line
    refs = [
        LineRef(run.execution.label, entry.number, entry.text)
        for run in these.imagined
        for entry in run.ledger
        if entry.kind == "foreign" and skeleton(entry.text) not in these.forms
    ]
    if refs:
        runs = [run for run in these.imagined if any(ref.source == run.execution.label for ref in refs)]
        yield Finding(
            "line without a print",
            f"{share(runs, these.imagined)} {verb(runs, 'shows', 'show')} lines that no print statement of "
            f"{these.name} makes, such as “{short(refs[0].text)}”.",
            tuple(refs[:LINES_SHOWN]),
        )


def _lines_in_no_log(these: Comparison) -> Iterable[Finding]:
    refs = [
        run.ref(at)
        for run in these.imagined
        for at, line in enumerate(run.lines)
        if line.strip() and skeleton(line) not in these.forms
    ]
    if refs and these.program is None:
        yield Finding(
            "line in no real log",
            f"The imagined logs hold lines of a form that no real log has, such as “{short(refs[0].text)}”.",
            tuple(refs[:LINES_SHOWN]),
        )


def literals(these: Comparison) -> Iterable[Finding]:
    """A wording that differs from the code's own words; both are named."""
    seen: set[tuple[str, str]] = set()
    for run in these.imagined:
        for entry in run.ledger:
            if entry.kind != "literal" or entry.site is None or skeleton(entry.text) in these.forms:
                continue
            key = (entry.site.template, skeleton(entry.text))
            if key in seen:
                continue
            seen.add(key)
            really = next(
                (
                    LineRef(other.execution.label, found.number, found.text)
                    for other in these.real
                    for found in other.ledger
                    if found.site == entry.site and found.kind == "site"
                ),
                None,
            )
            label = these.program.label if these.program else "program"
            refs = [LineRef(run.execution.label, entry.number, entry.text)]
            refs.append(LineRef(label, entry.site.line, entry.site.words))
            yield Finding(
                "literal differs",
                f"The code prints “{entry.site.words}” (line {entry.site.line}); "
                f"the imagined run shows “{short(entry.text.strip())}”.",
                (*refs, really) if really else tuple(refs),
            )


def counts(these: Comparison) -> Iterable[Finding]:
    """A line printed more or less often than in any real run; lines that name an epoch are counted elsewhere."""
    finished = [run for run in these.real if run.execution.cause is Cause.FINISHED]
    if not finished:
        return
    for site in these.source.print_sites() if these.source else ():
        real = [_lines_of(run, site) for run in finished]
        if site.is_open or any(set(lines) & _epoch_lines(run) for run, lines in zip(finished, real, strict=True)):
            continue
        low, high = min(map(len, real)), max(map(len, real))
        for run in these.imagined:
            shown = _lines_of(run, site)
            fewer = len(shown) < low and run.execution.cause is Cause.FINISHED
            if not fewer and len(shown) <= high:
                continue
            really = f"{low}" if low == high else f"{low} to {high}"
            refs = [run.ref(at) for at in shown[high : high + LINES_SHOWN]]
            label = these.program.label if these.program else "program"
            yield Finding(
                "print count differs",
                f"Real runs print “{site.words}” {_times(really)}; {run.execution.label} shows it "
                f"{_times(len(shown))}{'' if run.execution.cause is Cause.FINISHED else ' before its end was cut'}.",
                (*refs, LineRef(label, site.line, site.words)),
            )


def _lines_of(run: Observed, site: PrintSite) -> list[int]:
    """Indices of the lines that this site made, or whose wording is nearest to it."""
    return [entry.number - 1 for entry in run.ledger if entry.site == site]


def _epoch_lines(run: Observed) -> set[int]:
    return {line for line, _epoch in run.curves.epochs}


def _times(number: object) -> str:
    return f"{number} time" if str(number) == "1" else f"{number} times"


def fixed_seed(these: Comparison) -> Iterable[Finding]:
    """A program that fixes its own seed has no noise: as written, every run must print the same (rule 7).

    Times are set aside: no seed fixes them.
    """
    if these.source is None or not these.source.fixes_its_seed():
        return
    reseeded = [run for run in these.real if run.execution.arm == "reseeded"]
    if len(reseeded) > 1 and len({run.text for run in reseeded if run.execution.cause is Cause.FINISHED}) < 2:
        yield Finding(
            "reseeding failed",
            f"{these.name} fixes its own seed in a way that cannot be offset: its {len(reseeded)} reseeded runs fail "
            "or all print the same, so nothing is known of its noise.",
            tuple(run.ref(0) for run in reseeded if run.lines)[:LINES_SHOWN],
        )
    written = [
        run for run in these.real if run.execution.arm == "as written" and run.execution.cause is Cause.FINISHED
    ]
    if len(written) < 2:
        return
    ours = [untimed(line) for line in written[0].lines if line.strip()]
    unlike = [(run, at) for run in written if (at := _differs_at(run, ours)) is not None]
    if unlike:
        yield Finding(
            "seed does not hold",
            f"{these.name} fixes its own seed, and its real runs as written still differ.",
            tuple(run.ref(at) for run, at in unlike if run.lines),
        )
        return
    other = [(run, at) for run in these.imagined if (at := _differs_at(run, ours)) is not None]
    if other:
        runs = [run for run, _at in other]
        yield Finding(
            "fixed seed, other output",
            f"{these.name} fixes its own seed and always prints the same; {share(runs, these.imagined)} "
            f"{verb(runs, 'prints', 'print')} something else.",
            tuple(run.ref(at) for run, at in other if run.lines),
        )


def _differs_at(run: Observed, ours: Sequence[str]) -> int | None:
    """Index of the first line that is not as in `ours`, or of the last where lines are missing; else None."""
    theirs = [(at, untimed(line)) for at, line in enumerate(run.lines) if line.strip()]
    for (at, line), our in zip(theirs, ours, strict=False):
        if line != our:
            return at
    if len(theirs) > len(ours):
        return theirs[len(ours)][0]
    is_short = len(theirs) < len(ours) and run.execution.cause is not Cause.CUT
    return len(run.lines) - 1 if is_short else None
