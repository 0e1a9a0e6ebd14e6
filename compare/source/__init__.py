"""Static analysis of a program's source: its prints, the lines that it provably prints, its network."""
