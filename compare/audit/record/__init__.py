"""A transcript as evidence: runs with their results, and indexes for finding printed lines and numbers."""
