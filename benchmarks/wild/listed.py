"""Pairs of style and doctoring that no comparison could tell, named before anything was judged."""

LISTED: dict[tuple[str, str], str] = {}
"""(style, doctoring) → why; at most a tenth of all pairs."""
