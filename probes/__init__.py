"""Families of small programs and command sequences, each of which tests one question; pure functions."""
