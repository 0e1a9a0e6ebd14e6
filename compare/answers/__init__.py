"""Scores the answers to probes by the output of real runs."""
