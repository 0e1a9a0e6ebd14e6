"""Comparison of executions and programs, as pure functions: what was printed, what it means, what differs."""
