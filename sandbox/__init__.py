"""The real machines, their image and their data."""
