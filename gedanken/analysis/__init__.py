"""From what was kept of runs to everything that is concluded from it."""
