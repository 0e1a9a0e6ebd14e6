"""Series of numbers, real beside imagined, and their tests."""
