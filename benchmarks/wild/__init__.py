"""Logs in the styles of other frameworks, made by chance, and what a comparison says of them."""
