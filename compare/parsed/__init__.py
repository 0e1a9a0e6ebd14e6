"""Runs read by the prints of their program, and compared side by side line by line."""
