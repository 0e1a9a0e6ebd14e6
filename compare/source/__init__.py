"""What the source of a program tells: its prints, what they surely show, its network."""
