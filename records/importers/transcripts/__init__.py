"""Transcripts of agents, in the formats of other tools, read into one common type."""
