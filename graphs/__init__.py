"""The workflows of an experiment and of a probe, as LangGraph graphs."""
