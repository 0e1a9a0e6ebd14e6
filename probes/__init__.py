"""What the probes ask, as pure functions: families of small programs, edits of programs, command sequences, and the
schedule of questions.
"""
