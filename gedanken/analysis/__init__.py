"""The analysis: everything that is concluded from the stored runs."""
