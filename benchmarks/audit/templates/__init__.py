"""Sentences of agents, with claims between « and »: one set for development, one for judging."""
