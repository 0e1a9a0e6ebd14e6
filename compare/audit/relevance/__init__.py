"""Decides whether a result is about the same command, files, state and address as the claim."""
