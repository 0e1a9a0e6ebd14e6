"""Sessions by an author who has not read the rules: own sentences, projects, tools and shapes of sessions."""
