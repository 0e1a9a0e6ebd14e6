"""Styles of logs, in two halves that were fixed before anything was tuned: one for development, one for judging."""
