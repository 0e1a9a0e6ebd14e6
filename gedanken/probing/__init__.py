"""Probes of models: each probe asks a model many small questions, and prints the result."""
