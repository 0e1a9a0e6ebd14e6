"""The nouns of gedanken. A leaf: nothing here imports any other part of the project."""
