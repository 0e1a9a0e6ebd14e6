"""Pure functions on executions and programs: what was printed, what it means, what differs."""
