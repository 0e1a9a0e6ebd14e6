"""Styles of logs, in halves that were fixed before anything was tuned: one to develop on, one to judge by."""
