"""`gedanken shell`: a person or a pipe types commands into an imagined machine, a real one, or both."""
