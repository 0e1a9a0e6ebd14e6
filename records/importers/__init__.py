"""Importers: runs stored by other tools, converted to gedanken's own form."""
