"""Scoring of the answers to probes against what was really printed."""
