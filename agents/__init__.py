"""The two roles of a language model (coder and imagined machine), and the models that can play them."""
