"""What outputs print: results of tests and checks, and numbers with their names."""
