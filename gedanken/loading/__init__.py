"""Experiments, personas and programs: packaged by name, the user's by path."""
