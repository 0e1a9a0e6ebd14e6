"""Real machines: the engines that run commands in isolation, their images, and their data sets."""
