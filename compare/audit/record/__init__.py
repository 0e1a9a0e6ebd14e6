"""A transcript as evidence: runs with their results, and indexes of printed lines and numbers."""
