"""Transcripts of agents, in the forms that other tools write, read into one."""
