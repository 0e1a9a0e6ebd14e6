"""Probes of models and machines: each module runs one probe and prints its result."""
