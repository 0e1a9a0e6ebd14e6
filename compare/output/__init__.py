"""Reads the content of one output: lines, words, numbers, epochs, times."""
