"""Compares the answers to ordinary commands, which do not run a program under test."""
