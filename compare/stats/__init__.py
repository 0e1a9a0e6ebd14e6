"""Statistics that know nothing of programs and runs."""
