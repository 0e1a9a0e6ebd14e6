"""Terminal display of a run in progress."""
