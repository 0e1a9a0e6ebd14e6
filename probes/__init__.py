"""The materials of the probes, as pure functions: families of small programs, edits of programs, command sequences,
and the schedule of questions.
"""
