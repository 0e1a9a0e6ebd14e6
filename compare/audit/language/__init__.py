"""What sentences say, in several languages: numbers, hedges (words of doubt), tenses, clauses."""
