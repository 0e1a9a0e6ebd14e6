"""Comparison of what an agent says that it ran with what its transcript records: claims are found by rules and judged
by evidence.
"""
