"""Stand-ins for model providers: HTTP servers on loopback that speak as each provider's documentation says."""
