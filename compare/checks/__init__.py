"""Holds the checks of a comparison: each looks for one kind of fault, and yields findings."""
