"""LangSmith run trees, kept in a file beside the results."""
