"""Runs that other tools kept, read as ours are."""
