"""Which version of gedanken this is."""

__version__ = "0.1.0"
