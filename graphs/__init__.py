"""The workflows of an experiment and of a probe, as LangGraph graphs. Each node does one step of a run and returns an
update of the graph's state.
"""
