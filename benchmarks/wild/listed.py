"""Pairs of style and doctoring that no comparison can detect, listed before anything was judged."""

UNDETECTABLE: dict[tuple[str, str], str] = {
    ("xgboost", "truncation"): "runs stop early, at lengths that differ by more than a fifth, and print no last line",
    ("grid search", "smooth exponential"): "its scores are no curve of a training",
}
"""Maps each such pair to the reason; at most a tenth of all pairs of style and doctoring may be listed."""
