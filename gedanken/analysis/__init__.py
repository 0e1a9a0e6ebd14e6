"""The analysis: all conclusions that are drawn from the stored runs."""
