"""Series of numbers in real and imagined runs, and their tests."""
