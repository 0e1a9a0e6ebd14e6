"""What the probes ask: families of small programs, edits of programs, and command sequences.

The schedule decides which questions are asked, and in which order.
"""
