"""Compares claimed numbers with printed ones: numbers that were computed, have another name, are missing, or came
too early.
"""
