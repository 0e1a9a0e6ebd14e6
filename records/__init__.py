"""Writes and reads run folders, and reads logs and transcripts that other tools wrote."""
