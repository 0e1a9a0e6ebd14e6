"""Opening and checking real machines."""
