"""Compares programs' runs, as pure functions: reads what each run printed, interprets it, and finds differences."""
