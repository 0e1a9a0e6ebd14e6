"""What an agent says that it ran, beside what its transcript records: claims found by rules, judged by evidence."""
