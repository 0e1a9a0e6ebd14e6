"""Families of small programs and command sequences, each on one question. Pure."""
