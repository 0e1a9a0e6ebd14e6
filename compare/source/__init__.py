"""Static analysis of a program's source: its prints, the lines it provably prints, its network."""
