"""Answers to ordinary commands, which run no program."""
