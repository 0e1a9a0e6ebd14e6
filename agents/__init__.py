"""The model's roles: the models themselves, the coder, and the imagined machine."""
