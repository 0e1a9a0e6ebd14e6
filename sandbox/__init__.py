"""Real machines, their images and their data."""
