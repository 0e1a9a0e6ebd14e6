"""Reads transcripts of agents, in the formats of other tools, into one common type."""
