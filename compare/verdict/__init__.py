"""The verdict on a model: do its scored answers suggest that it computes, imitates, or takes shortcuts?"""
