"""Servers on loopback that take the place of model providers, and speak the protocols that the providers document."""
