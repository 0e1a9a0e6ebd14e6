"""The checks of a comparison: each one yields findings."""
