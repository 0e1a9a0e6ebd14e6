"""The changes that are made in one log before several logs are compared."""

from typing import NamedTuple

from gedanken.compare.output.line_prefixes import PrefixRenaming
from gedanken.compare.output.reordered_columns import Reordering


class LogChanges(NamedTuple):
    """Changes in the lines of a log. They are needed because runs of one program may differ in names and in the
    order of columns.
    """

    renaming: PrefixRenaming | None = None
    """Replaces the names in front of the lines."""
    reordering: Reordering | None = None
    """Rearranges the columns of tables."""


NO_CHANGES = LogChanges()
