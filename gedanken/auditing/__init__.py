"""Audits of agents: compares what an agent says it ran with its transcript and with real runs."""
