"""Compares what an agent says it ran with what its transcript records. Rules find the claims; the record decides
whether they hold.
"""
