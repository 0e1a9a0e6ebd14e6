"""Real runs of small training programs, collected once and stored. False alarms and power are measured with them."""
