"""Compares real and imagined answers to ordinary commands, such as `ls`, that do not run the program under test."""
