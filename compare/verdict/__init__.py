"""The verdict on a model: do its scored answers look as if it computed, imitated, or took a shortcut?"""
