"""Runs read by the prints of their program, and held side by side line by line."""
