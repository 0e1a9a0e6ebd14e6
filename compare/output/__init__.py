"""What one output holds: lines, words, numbers, epochs, times."""
