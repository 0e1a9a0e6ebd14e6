"""The workflow, in LangGraph. Nodes are thin: each calls one thing and returns an update."""
