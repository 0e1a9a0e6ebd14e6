"""Probes on real models and machines: each asks one question, and its module holds its runner and its table."""
