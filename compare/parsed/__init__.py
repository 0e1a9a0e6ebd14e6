"""Assigns the lines of runs to the print sites of their program, and aligns runs line by line."""
