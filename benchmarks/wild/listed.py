"""Pairs of style and doctoring that no comparison can detect, listed before anything was judged."""

UNDETECTABLE: dict[tuple[str, str], str] = {
    ("xgboost", "truncation"): "runs stop early, at lengths that differ by more than a fifth, and print no last line",
    ("grid search", "smooth exponential"): "its scores are no curve of a training",
}
"""The reason for each pair of style and doctoring; at most a tenth of all pairs."""
