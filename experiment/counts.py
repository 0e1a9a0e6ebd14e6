"""Formats counts with their nouns."""

from collections.abc import Mapping


def format_count(number: int, singular: str, plural: str | None = None) -> str:
    """Format a count with its noun, for example `1 line` or `2,000 lines`. Give `plural` if the plural is
    irregular.
    """
    return f"{number:,} {singular if number == 1 else plural or singular + 's'}"


def format_counts(counts: Mapping[str, int]) -> str:
    """Format several counts, for example `code fence ×4, echo of the command`."""
    return ", ".join(kind + (f" ×{times}" if times > 1 else "") for kind, times in counts.items())
