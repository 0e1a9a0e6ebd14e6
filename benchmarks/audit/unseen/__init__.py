"""Sessions by another hand, who has not read the rules: own sentences, own projects, other tools, other shapes."""
