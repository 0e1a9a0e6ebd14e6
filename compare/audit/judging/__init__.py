"""Judges claims against the record: one module for each kind of claim."""
