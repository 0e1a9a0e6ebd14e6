"""What the probes ask: families of small programs, edits of programs, command sequences, and the schedule of
questions."""
