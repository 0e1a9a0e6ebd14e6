"""Loads experiments, personas, programs and suites: packaged ones by name, the user's by path."""
