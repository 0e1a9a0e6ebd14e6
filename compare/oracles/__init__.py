"""What a claim can be held against without a run."""
