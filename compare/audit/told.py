"""Checks whether a text says that a build, a linter or a type checker succeeded."""

import re
from itertools import islice

_MOST_TOLD = 50
_MOST_TEXT = 50_000
_WELL = (
    r"(?:ok|pass(?:e[sd]|ing)?|succe\w+|green|clean\w*|"
    r"(?:no|zero|0) (?:\w+ )?(?:errors?|issues?|problems?|warnings?|failures?))"
)
_NAMES_OF = {
    "build": r"(?:builds?|built|compil\w+)",
    "lint": r"(?:lint\w*|eslint|ruff|flake8|pylint|clippy|rubocop|golangci\S*|biome)",
    "types": r"(?:types?|type-?check\w*|typescript|tsc|mypy|pyright)",
    "format": r"(?:format\w*|prettier|black|gofmt)",
}
TOLD_OF = {
    family: re.compile(rf"\b{names}\b[^\n.]{{0,40}}?\b{_WELL}\b|\b{_WELL}\b[^\n.]{{0,20}}?\b{names}\b", re.IGNORECASE)
    for family, names in _NAMES_OF.items()
}
_WISHED = re.compile(
    r"\b(?:make sure|ensure|until|verify|check|confirm|must|should|need\w*|want|please|if|when|unless|that|so)\b"
    r"[^\n.]{0,60}\Z",
    re.IGNORECASE,
)
"""Words which show that an outcome is requested, not reported."""


def tells_of_success(text: str, family: str) -> bool:
    """Return whether a text reports success of a check. `family`: `build`, `lint`, `types` or `format`. A request
    such as `make sure that lint passes` does not count.
    """
    return any(
        not _WISHED.search(text[max(found.start() - 80, 0) : found.start()])
        for found in islice(TOLD_OF[family].finditer(text[:_MOST_TEXT]), _MOST_TOLD)
    )
