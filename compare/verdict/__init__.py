"""The verdict on a model: do its scored answers behave like computation, imitation, or a shortcut?"""
