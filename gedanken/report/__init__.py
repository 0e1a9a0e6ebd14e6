"""Writes the results as an HTML file that needs no network, as Markdown, and for the terminal.

Text that programs and models printed is only displayed. Nothing in it can run, load or link to anything.
"""
