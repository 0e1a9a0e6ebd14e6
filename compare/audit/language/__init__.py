"""What sentences say, in several languages: numbers, hedges, tenses, clauses."""
