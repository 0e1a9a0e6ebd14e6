"""`gedanken shell`: a person, or a pipe, types into an imagined machine, a real one, or both."""
