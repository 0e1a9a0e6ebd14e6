"""Real runs of small training programs, collected once and kept: what false alarms and power are measured on."""
