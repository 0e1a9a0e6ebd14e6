"""`gedanken shell`: a person at the keyboard, or a pipe, before an imagined machine, a real one, or both."""
