"""Reference players: models whose strategy for answering is known by construction, for testing the verdict."""
