"""Real machines, opened and checked for whoever types into one."""
