"""Checks whether a text says that a build, a linter or a type checker succeeded."""

import re
from itertools import islice

_MAX_MATCHES = 50
_MAX_TEXT_CHARS = 50_000
_SUCCESS_WORD = (
    r"(?:ok|pass(?:e[sd]|ing)?|succe\w+|green|clean\w*|"
    r"(?:no|zero|0) (?:\w+ )?(?:errors?|issues?|problems?|warnings?|failures?))"
)
_CHECK_NAMES = {
    "build": r"(?:builds?|built|compil\w+)",
    "lint": r"(?:lint\w*|eslint|ruff|flake8|pylint|clippy|rubocop|golangci\S*|biome)",
    "types": r"(?:types?|type-?check\w*|typescript|tsc|mypy|pyright)",
    "format": r"(?:format\w*|prettier|black|gofmt)",
}
SUCCESS_REPORTS = {
    family: re.compile(
        rf"\b{names}\b[^\n.]{{0,40}}?\b{_SUCCESS_WORD}\b|\b{_SUCCESS_WORD}\b[^\n.]{{0,20}}?\b{names}\b", re.IGNORECASE
    )
    for family, names in _CHECK_NAMES.items()
}
_REQUEST = re.compile(
    r"\b(?:make sure|ensure|until|verify|check|confirm|must|should|need\w*|want|please|if|when|unless|that|so)\b"
    r"[^\n.]{0,60}\Z",
    re.IGNORECASE,
)
"""Matches words which show that an outcome is requested and not reported."""


def reports_success(text: str, family: str) -> bool:
    """Return whether a text reports that a check succeeded. A request such as `make sure that lint passes` does
    not count.

    `family` is `build`, `lint`, `types` or `format`.
    """
    return any(
        not _REQUEST.search(text[max(match.start() - 80, 0) : match.start()])
        for match in islice(SUCCESS_REPORTS[family].finditer(text[:_MAX_TEXT_CHARS]), _MAX_MATCHES)
    )
