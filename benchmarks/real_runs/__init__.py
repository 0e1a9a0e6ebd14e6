"""Real runs of small training programs, collected once and stored: the data for measuring false alarms and power."""
