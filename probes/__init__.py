"""Families of small programs and command sequences, each for one question; pure functions."""
