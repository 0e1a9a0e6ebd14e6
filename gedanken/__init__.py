"""The face of gedanken: command line, experiments and personas, progress, results."""

__version__ = "0.1.0"
