"""Detects the languages that a sentence may be written in, so that only the patterns of these languages are tried."""

import re
from functools import lru_cache

from gedanken.compare.audit.language.mood_words import Language

_ACCENTED_LETTER = re.compile(r"[à-ÿß]", re.IGNORECASE)
_ASIAN_CHARACTER = re.compile(r"[\u3040-\u30ff\u4e00-\u9fff]")
_WORDS: list[tuple[Language, re.Pattern[str]]] = [
    (
        "de",
        re.compile(
            r"\b(?:der|das|ist|sind|und|nicht|alle|keine?|mit|laufen|ich|wir|wurden?|nach|beim?|im|hat|haben|von|auf|"
            r"bestanden|erfolgreich|sauber|zufrieden|jetzt|nun|kein|ohne|sämtliche|Tests|Linter|Build|Fehler)\b",
            re.IGNORECASE,
        ),
    ),
    (
        "fr",
        re.compile(
            r"\b(?:le|la|les|des|est|sont|et|une?|du|de|aucune?|j'ai|tous|toutes|passent?|sans|erreurs?)\b",
            re.IGNORECASE,
        ),
    ),
    (
        "es",
        re.compile(
            r"\b(?:el|la|los|las|y|es|una?|del|de|todas|todos|sin|han|os|pasan|pasaron|fallan|falla|falham|passam|"
            r"passou|pruebas|testes|errores|erros)\b",
            re.IGNORECASE,
        ),
    ),
]


@lru_cache(maxsize=64)
def languages_in(plain: str) -> frozenset[Language]:
    """Return the languages that a text may be written in. English is always included, for the names of tools."""
    languages: set[Language] = {"en"}
    if _ASIAN_CHARACTER.search(plain):
        languages.add("zh")
    has_accents = _ACCENTED_LETTER.search(plain) is not None
    languages |= {language for language, words in _WORDS if has_accents or words.search(plain)}
    return frozenset(languages)
