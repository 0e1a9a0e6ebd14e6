"""Transcripts of agents audited: what they say that ran, against the record and against a real run."""
