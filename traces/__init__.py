"""Traces: LangSmith run trees, stored in a file beside the results."""
