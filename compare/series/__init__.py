"""Reads series of numbers, such as the loss by epoch, from real and imagined runs, and tests them."""
