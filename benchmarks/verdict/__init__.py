"""How often the verdict is right, on reference players whose way of answering is known."""
