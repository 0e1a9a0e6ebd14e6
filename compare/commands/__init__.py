"""Compares real and imagined answers to ordinary commands such as `ls`, which run no program under test."""
