"""Scores a model's answers to probes against the output of real runs."""
