"""Sessions by an author who has not read the rules, with sentences, projects, tools and kinds of sessions of their
own.
"""
