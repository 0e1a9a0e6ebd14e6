"""Claimed numbers beside printed ones: derived, renamed, missing, too early."""
