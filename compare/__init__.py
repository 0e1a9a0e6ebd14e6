"""Pure functions that compare the runs of programs: they read what each run printed, interpret it, and find
differences."""
