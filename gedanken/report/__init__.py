"""Writes the results: as an HTML file that opens from disk and needs no network, as Markdown, and for the terminal.

The text that programs and models printed is only displayed; nothing in it can have an effect.
"""
