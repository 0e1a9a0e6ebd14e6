"""The workflow, in LangGraph. Each node calls one function and returns an update of the state."""
