"""Reads runs that other tools stored, and converts them to gedanken's own types."""
