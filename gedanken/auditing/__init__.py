"""Audits of agents' transcripts: what an agent says it ran, compared with the transcript's record and with a real
run."""
