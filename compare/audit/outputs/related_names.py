"""Groups words that may name the same number, because people rarely use exactly the words that programs print."""

from gedanken.compare.audit.outputs.labels import name_keys

_WORD_GROUPS = tuple(
    name_keys(words)
    for words in (
        "error finding issue problem violation offense complaint diagnostics",
        "written wrote write output came out saved exported kept remaining remains remain left result survived",
        "read input loaded parsed scanned ingested start",
        "dropped discarded removed skipped rejected deleted filtered gone eliminated",
        "updated update changed affected touched backfilled modified migrated set",
        "inserted insert added created new",
        "status answers answered returns returned replies responded responds yields gives rejected http",
        "size weighs weight big large",
        "total all altogether overall",
    )
)


def related_words(words: frozenset[str]) -> frozenset[str]:
    """Return the words of every group in `_WORD_GROUPS` that contains one of the given words."""
    return frozenset(key for group in _WORD_GROUPS if group & words for key in group)
