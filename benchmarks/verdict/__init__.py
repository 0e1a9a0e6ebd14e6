"""How often the verdict is right about reference players, whose way of answering is known."""
