"""Audits the transcript of an agent's session. Rules find what the agent claims to have run. The recorded commands
and results decide whether each claim is true.
"""
