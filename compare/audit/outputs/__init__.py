"""What outputs contain: results of tests and checks, and numbers with their names."""
