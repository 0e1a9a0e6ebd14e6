"""What a person sees at a terminal while things happen, and how figures are written."""
