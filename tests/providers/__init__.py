"""Stand-ins for the providers of models: real HTTP on loopback, in the words of each provider's documentation."""
