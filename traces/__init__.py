"""Traces of runs: LangSmith run trees, stored in the run folder and sent to other exporters."""
