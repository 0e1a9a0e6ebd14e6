"""Finds the claims in an agent's transcript, and judges each by the recorded commands and results."""
