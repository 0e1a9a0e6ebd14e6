"""The two halves of the styles, which were fixed before anything was tuned."""

from typing import Literal

from benchmarks.wild.style import Style
from benchmarks.wild.styles import (
    development_deep,
    development_lines,
    development_rest,
    judging_deep,
    judging_later,
    judging_lines,
    judging_rest,
    judging_vision,
)

Half = Literal["development", "judging"]

HALVES: dict[Half, tuple[Style, ...]] = {
    "development": (*development_deep.STYLES, *development_lines.STYLES, *development_rest.STYLES),
    "judging": (
        *judging_deep.STYLES,
        *judging_lines.STYLES,
        *judging_rest.STYLES,
        *judging_vision.STYLES,
        *judging_later.STYLES,
    ),
}
"""The styles of each half; each kind of log, such as boosting, is in both.

Only the half `development` is used for tuning, and results are stated for `judging`. `judging_vision` and
`judging_later` were written later, but before any comparison was run on their logs.
"""
