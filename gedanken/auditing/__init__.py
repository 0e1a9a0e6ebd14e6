"""Audits of agents: what an agent says it ran, compared with what its transcript records and with real runs."""
