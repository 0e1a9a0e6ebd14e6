"""Finds claims in messages: rules for each kind of claim, and the data types of what claims say."""
