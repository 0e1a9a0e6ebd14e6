"""Analyzes a program's source without running it: its prints, the lines that it provably prints, its network."""
