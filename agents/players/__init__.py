"""Reference players: models whose way of answering is known by construction. The verdict is tested with them."""
