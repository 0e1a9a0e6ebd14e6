"""Draws the charts of series: a band for the range of the real runs, a line for each imagined run."""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from gedanken.compare.results import SeriesResult
from gedanken.experiment.counts import format_count
from gedanken.experiment.format import escape_invisible
from gedanken.report.svg import IMAGINED, INK, REAL, RULE, inline_svg

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Values = NDArray[np.float64]

MAX_POINTS = 200
MAX_IMAGINED_LINES = 24
AXIS_MARGIN = 1.5
"""How far the axis may extend beyond the real values in order to show imagined ones. The unit is the range of the
real values.
"""
AXIS_MARGIN_AT_ONE_POINT = 60.0
MARKERS = ("o", "s", "^", "D", "v", "X", "P", "*")
DASHES = ((0, (5, 2)), (0, (2, 2)), (0, (7, 2, 2, 2)), (0, (1, 1.6)))
STYLE: Any = {
    "svg.fonttype": "none",
    "svg.hashsalt": "gedanken",
    "text.parse_math": False,
    "axes.formatter.use_mathtext": False,
    "axes.formatter.useoffset": False,
    "font.family": "sans-serif",
    "font.size": 9,
    "path.simplify": True,
}


def chart(result: SeriesResult, key: str) -> Markup | None:
    """Draw one series as inline SVG whose ids begin with `key`; None if there is nothing to draw."""
    import matplotlib as mpl
    import numpy as np
    from matplotlib.figure import Figure

    real, imagined = (np.array(rows, float).reshape(len(rows), -1) for rows in (result.real, result.imagined))
    points = np.array(result.points, float)
    finite_values = np.concatenate([values[np.isfinite(values)] for values in (real, imagined)])
    if not finite_values.size or not np.isfinite(points).all() or np.abs(finite_values).max() > 1e100:
        return None
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(4.6, 2.9), layout="constrained")
        axes = figure.add_subplot()
        _style_axes(axes, result)
        _draw_real(axes, points, real)
        for index, row in enumerate(imagined[:MAX_IMAGINED_LINES]):
            _draw_imagined(axes, points, row, index)
        low, high = value_range(real, imagined)
        axes.set_ylim(low, high)
        if len(points) == 1:
            axes.set_xlim(points[0] - 1, points[0] + 1)
            axes.set_xticks(points)
        return inline_svg(figure, key, _alt_text(result))


def value_range(real: "Values", imagined: "Values") -> tuple[float, float]:
    """Return the lowest and the highest value that the chart shows: all real values, and imagined values near
    them.
    """
    import numpy as np

    real_values, imagined_values = real[np.isfinite(real)], imagined[np.isfinite(imagined)]
    reference = real_values if real_values.size else imagined_values
    low, high = float(reference.min()), float(reference.max())
    factor = AXIS_MARGIN if real.shape[1] > 1 else AXIS_MARGIN_AT_ONE_POINT
    margin = (high - low or abs(high) or 1.0) * factor
    if imagined_values.size:
        low = max(min(low, float(imagined_values.min())), low - margin)
        high = min(max(high, float(imagined_values.max())), high + margin)
    padding = (high - low or abs(high) or 1.0) * 0.06
    return low - padding, high + padding


def count_outside_chart(result: SeriesResult) -> int:
    """Count the imagined values outside the chart."""
    import numpy as np

    real, imagined = (np.array(rows, float).reshape(len(rows), -1) for rows in (result.real, result.imagined))
    if not np.isfinite(real).any() and not np.isfinite(imagined).any():
        return 0
    low, high = value_range(real, imagined)
    return int(((imagined < low) | (imagined > high)).sum())


def _style_axes(axes: Any, result: SeriesResult) -> None:
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        axes.spines[side].set_edgecolor(RULE)
    axes.grid(axis="y", color=RULE, linewidth=0.6)
    axes.set_axisbelow(True)
    axes.tick_params(colors=INK, length=0, pad=5)
    axes.set_xlabel(escape_invisible(result.axis[:40]), color=INK)
    axes.locator_params(axis="y", nbins=5)
    is_integer_axis = all(math.isfinite(point) and point == int(point) for point in result.points)
    axes.locator_params(axis="x", nbins=7, integer=is_integer_axis)


def _draw_real(axes: Any, points: "Values", real: "Values") -> None:
    import numpy as np

    has_value = np.isfinite(real).any(axis=0) if real.size else np.zeros(len(points), bool)
    if not has_value.any():
        return
    columns = np.where(np.isfinite(real), real, np.nan)[:, has_value]
    positions, low, high, mean = [], [], [], []
    for indices in np.array_split(np.arange(has_value.sum()), min(MAX_POINTS, int(has_value.sum()))):
        part = columns[:, indices]
        positions.append(points[has_value][indices].mean())
        low.append(np.nanmin(part))
        high.append(np.nanmax(part))
        mean.append(np.nanmean(part))
    if len(positions) == 1:
        axes.plot([positions[0]] * 2, [low[0], high[0]], color=REAL, linewidth=9, alpha=0.25, solid_capstyle="butt")
        axes.plot(positions, mean, color=REAL, marker="_", markersize=14, markeredgewidth=2)
        return
    axes.fill_between(positions, low, high, facecolor=REAL, alpha=0.2, linewidth=0)
    for edge in (low, high):
        axes.plot(positions, edge, color=REAL, linewidth=0.7)
    axes.plot(positions, mean, color=REAL, linewidth=2)


def _draw_imagined(axes: Any, points: "Values", row: "Values", number: int) -> None:
    import numpy as np

    indices = np.flatnonzero(np.isfinite(row))
    if not indices.size:
        return
    if indices.size > MAX_POINTS:  # keep the minimum and maximum of each part, so that no spike is lost
        parts = np.array_split(indices, MAX_POINTS // 2)
        indices = np.array(sorted({int(pick(part)) for part in parts for pick in (_lowest(row), _highest(row))}))
    axes.plot(
        points[indices],
        row[indices],
        color=IMAGINED,
        linewidth=1.3,
        linestyle=DASHES[number % len(DASHES)],
        marker=MARKERS[number % len(MARKERS)],
        markersize=4.5,
        markerfacecolor="none" if number // len(MARKERS) % 2 else IMAGINED,
        markeredgewidth=0.9,
        markevery=max(1, len(indices) // 12),
    )


def _lowest(row: "Values") -> Any:
    return lambda part: part[row[part].argmin()]


def _highest(row: "Values") -> Any:
    return lambda part: part[row[part].argmax()]


def _alt_text(result: SeriesResult) -> str:
    counts = f"{format_count(result.n_real, 'real run')} and {format_count(result.n_imagined, 'imagined run')}"
    return escape_invisible(f"{result.name[:80]}: {counts}, over {result.axis[:40]}")


def legend_symbol(number: int) -> Markup:
    """Draw the line and the marker of an imagined run, for the legend."""
    dashes = " ".join(f"{length:g}" for length in DASHES[number % len(DASHES)][1])
    shape = _MARKER_PATHS[number % len(MARKERS)]
    fill = "none" if number // len(MARKERS) % 2 else "var(--imagined)"
    return Markup(
        f'<svg class="glyph" viewBox="0 0 30 12" aria-hidden="true"><path d="M0 6H30" fill="none" '
        f'stroke="var(--imagined)" stroke-width="1.6" stroke-dasharray="{dashes}"/>'
        f'<path d="{shape}" fill="{fill}" stroke="var(--imagined)"/></svg>'
    )


_MARKER_PATHS: Sequence[str] = (
    "M11.5 6a3.5 3.5 0 1 0 7 0a3.5 3.5 0 1 0-7 0Z",
    "M12 3H18V9H12Z",
    "M15 2L19 9H11Z",
    "M15 1.5L19.5 6L15 10.5L10.5 6Z",
    "M15 10L11 3H19Z",
    "M12 2L15 4.5L18 2L19 3L16.5 6L19 9L18 10L15 7.5L12 10L11 9L13.5 6L11 3Z",
    "M13.5 2H16.5V4.5H19V7.5H16.5V10H13.5V7.5H11V4.5H13.5Z",
    "M15 1L16.3 4.6H20L17 6.8L18.2 10.4L15 8.2L11.8 10.4L13 6.8L10 4.6H13.7Z",
)
"""The shapes of `MARKERS` as SVG paths, in the same order."""
