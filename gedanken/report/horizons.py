"""Draws the chart of one kind of operation: accuracy at each size, with its interval, and two fitted curves."""

from typing import Any

from markupsafe import Markup

from gedanken.compare.verdict.results import OperationVerdict
from gedanken.experiment.format import escape_invisible
from gedanken.report.curves import STYLE
from gedanken.report.svg import IMAGINED, INK, RULE, inline_svg

_LINE_STYLES = {"logistic": "solid", "Weibull": (0, (4, 2))}


def horizon_chart(verdict: OperationVerdict, key: str) -> Markup | None:
    """Draw the chart as inline SVG, whose ids begin with `key`; None if no size has a known accuracy."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    points = [(size.size, size.exact, size.interval) for size in verdict.sizes if size.exact is not None]
    if not points:
        return None
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(4.6, 2.4), layout="constrained")
        axes = figure.add_subplot()
        _style_axes(axes, [size for size, _, _ in points])
        for curve in verdict.curves:
            if len(curve.shown) > 1:
                sizes, shares = zip(*curve.shown, strict=True)
                axes.plot(sizes, shares, color=IMAGINED, linewidth=1.2, linestyle=_LINE_STYLES[curve.shape])
        for size, exact, interval in points:
            if interval is not None:
                axes.plot([size, size], [interval.low, interval.high], color=IMAGINED, linewidth=1, alpha=0.6)
            axes.plot([size], [exact], color=IMAGINED, marker="o", markersize=5)
        return inline_svg(figure, key, _alt_text(verdict))


def _style_axes(axes: Any, sizes: list[int]) -> None:
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        axes.spines[side].set_edgecolor(RULE)
    axes.set_xscale("log")
    axes.set_xticks(sizes, [str(size) for size in sizes])
    axes.minorticks_off()
    axes.set_ylim(-0.05, 1.05)
    axes.set_yticks([0, 0.5, 1], ["0", ".5", "1"])
    axes.axhline(0.5, color=RULE, linewidth=0.8)
    axes.tick_params(colors=INK, length=0, pad=5)
    axes.set_xlabel("operations", color=INK)


def _alt_text(verdict: OperationVerdict) -> str:
    accuracies = ", ".join(f"{size.exact:.2f} at {size.size}" for size in verdict.sizes if size.exact is not None)
    return escape_invisible(f"{verdict.operation[:80]}: share of right answers {accuracies}")
