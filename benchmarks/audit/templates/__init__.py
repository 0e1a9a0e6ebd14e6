"""Sentences of agents, with their claims between « and »: one set to develop on, one to judge by."""
