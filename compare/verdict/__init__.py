"""Does it behave as one that computes, that imitates, or that takes a shortcut? From scored answers to a verdict."""
