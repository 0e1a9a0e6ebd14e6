"""The version of gedanken."""

__version__ = "0.1.0"
