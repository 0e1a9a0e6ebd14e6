"""What the printed numbers come to: series, the noise of the real runs, intervals."""
