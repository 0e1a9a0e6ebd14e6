"""Comparison of what an agent says it ran with what its transcript records. Rules find the claims; evidence decides
them.
"""
