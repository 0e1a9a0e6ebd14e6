"""Answers to probes, scored against what was really printed. Pure."""
