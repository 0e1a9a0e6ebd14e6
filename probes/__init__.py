"""Families of small programs, and command sequences; each tests one question. Pure functions."""
