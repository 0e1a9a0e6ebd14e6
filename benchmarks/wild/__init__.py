"""Randomly generated logs in the styles of other frameworks, and how well a comparison finds faults in them."""
