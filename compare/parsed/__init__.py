"""Runs whose lines are assigned to the print sites of their program, and their alignment line by line."""
