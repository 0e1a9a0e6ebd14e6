"""Randomly generated logs in the styles of other frameworks, and what a comparison finds in them."""
