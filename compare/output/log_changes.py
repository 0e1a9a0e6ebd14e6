"""What is changed in the lines of a log before they are compared with those of other logs."""

from typing import NamedTuple

from gedanken.compare.output.line_prefixes import Renaming
from gedanken.compare.output.reordered_columns import Reordering


class Changes(NamedTuple):
    """What is changed in the lines of a log, because it may differ between runs."""

    renaming: Renaming | None = None
    """Replaces the names in front of the lines."""
    reordering: Reordering | None = None
    """Rearranges the columns of tables."""


NO_CHANGES = Changes()
