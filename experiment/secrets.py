"""API keys and passwords known to this process, and their removal from text."""

import base64
import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, quote, quote_plus, unquote, urlsplit

REMOVED = "[key removed]"
MIN_KEY_LENGTH = 8
"""Minimum length of a secret value. Removing shorter values would garble ordinary text. A shorter password in an
address is hidden by `shown_address`.
"""
_MIN_PLAIN_KEY_LENGTH = 16
"""Minimum length at which a value counts as a key even if it is all letters or all digits."""
_KEY_NAMES = re.compile(
    r"(?:^|_)(?:API_?KEYS?|ACCESS_KEY(?:_ID)?|PRIVATE_KEY|SECRET(?:_\w+)?|\w*TOKEN(?:_\w+)?|\w*PASSWORD|PASSWD|PASSPHRASE|"
    r"CREDENTIALS?|PAT|KEY)$",
    re.IGNORECASE,
)
_NOT_KEY_NAMES = re.compile(r"_(?:FILE|PATH|URI|URL|DIR)$|^GOOGLE_APPLICATION_CREDENTIALS$", re.IGNORECASE)
_HEADER_NAMES = re.compile(r"HEADERS?$", re.IGNORECASE)
_PLACEHOLDER_KEYS = frozenset(("sk-no-key-required", "no-key-required", "not-needed", "not-required", "lm-studio"))
"""Placeholders that people use for servers that need no key."""
_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]*://\S+", re.IGNORECASE)
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*:?/+", re.IGNORECASE)
_KEY_PATTERN = re.compile(
    r"(?=.*[a-z])(?=.*\d)[a-z0-9_]{24,}|(?:sk|pk|key|tok|token|gsk|xai|hf|aiza)[-_]?(?=.*\d)[\w-]{12,}|"
    r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}",
    re.IGNORECASE,
)
_SHOWN_PARAMETERS = frozenset(("api-version",))


class Secrets:
    """Values that must not appear in any file or on any screen, however they are encoded."""

    def __init__(self, values: Iterable[str] = ()) -> None:
        """Start with the secrets in `values`."""
        self._values: set[str] = set()
        self._forms: tuple[str, ...] = ()
        self._pattern: re.Pattern[str] | None = None
        self.learn(*values)

    def learn(self, *values: str) -> None:
        """Add further values; those that could be part of ordinary text are ignored."""
        new_values = {value for value in values if _is_key(value)} - self._values
        if not new_values:
            return
        self._values |= new_values
        forms = {form for value in self._values for form in _encoded_forms(value)}
        self._forms = tuple(sorted(forms, key=len, reverse=True))
        self._pattern = re.compile("|".join(map(re.escape, self._forms)))

    def redacted(self, text: str) -> str:
        """Return the text with REMOVED in place of each secret value."""
        return self._pattern.sub(REMOVED, text) if self._pattern else text

    def pending_length(self, text: str) -> int:
        """Return how many characters at the end of `text` may be the beginning of a secret value."""
        if self._pattern is None:
            return 0
        tail = text[-2 * len(self._forms[0]) :]
        overlap = max(_overlap(tail, form) for form in self._forms)
        # The end of a complete value may be the beginning of another.
        cut_matches = (
            match for match in self._pattern.finditer(tail) if match.start() < len(tail) - overlap < match.end()
        )
        return max((len(tail) - match.start() for match in cut_matches), default=overlap)


@cache
def process_secrets() -> Secrets:
    """Return the secrets of this process: those in its environment, and those that were learned later."""
    return Secrets(secrets_in_environment(os.environ))


def redacted(text: str) -> str:
    """Return a text without this process's keys."""
    return process_secrets().redacted(text)


def redacted_value(value: Any) -> Any:
    """Return a value with `redacted` applied to every text in its nested dicts, lists and tuples."""
    if isinstance(value, str):
        return process_secrets().redacted(value)
    if isinstance(value, Mapping):
        return {redacted_value(key): redacted_value(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple) and not hasattr(value, "_fields"):
        return type(value)(redacted_value(inner) for inner in value)
    return value


def learn_address(address: str | None) -> None:
    """Add the keys and passwords in an address to the known secrets."""
    process_secrets().learn(*secrets_in_address(address or ""))


def secrets_in_environment(variables: Mapping[str, str]) -> Iterator[str]:
    """Yield the keys and passwords in environment variables, including those inside addresses and headers."""
    for name, value in variables.items():
        if _KEY_NAMES.search(name) and not _NOT_KEY_NAMES.search(name) and not _is_path(value):
            yield value
        if _HEADER_NAMES.search(name):
            decoded = f"{value} {unquote(value)}"  # OpenTelemetry's are percent-encoded
            yield from (word for word in re.split(r"[\s,;:=\"'{}]+", decoded) if _KEY_PATTERN.fullmatch(word))
        for address in _ADDRESS.findall(value):
            yield from secrets_in_address(address)


def secrets_in_address(address: str) -> Iterator[str]:
    """Yield the possible keys in an address, even in a malformed one.

    These are its credentials, the values in its query (except `api-version`), and parts of its path that look like
    keys.
    """
    credentials, bare_address = _split_credentials(address)
    if credentials:
        user, _, password = credentials.rpartition(":")
        yield from {f"{credentials}@", password, unquote(password)}
        yield base64.b64encode(f"{unquote(user)}:{unquote(password)}".encode()).decode()
    head, _, query = bare_address.partition("?")
    yield from (part for part in head.split("/") if _KEY_PATTERN.fullmatch(part))
    for name, value in parse_qsl(query):
        if name.lower() not in _SHOWN_PARAMETERS:
            yield value


def shown_address(address: str) -> str:
    """Return an address without credentials.

    `…` replaces the values in its query (except `api-version`) and the parts of its path that look like keys.
    """
    _, bare_address = _split_credentials(address)
    head, _, query = bare_address.partition("?")
    parameters = [f"{name}={value if name.lower() in _SHOWN_PARAMETERS else '…'}" for name, value in parse_qsl(query)]
    parts = ("…" if _KEY_PATTERN.fullmatch(part) else part for part in head.split("/"))
    return redacted("/".join(parts) + ("?" + "&".join(parameters) if parameters else ""))


def without_query(address: str) -> tuple[str, dict[str, str]]:
    """Split an address into the part before its query, and the parameters of the query. Drop its fragment."""
    parts = urlsplit(address)
    return parts._replace(query="", fragment="").geturl(), dict(parse_qsl(parts.query))


def _split_credentials(address: str) -> tuple[str, str]:
    """Return the credentials in an address, and the address without credentials and fragment."""
    address = address.partition("#")[0]
    scheme = _SCHEME.match(address)
    prefix = scheme[0] if scheme else ""
    head, question_mark, query = address[len(prefix) :].partition("?")
    credentials, _, path = head.rpartition("@")
    return credentials, f"{prefix}{path}{question_mark}{query}"


def _is_path(value: str) -> bool:
    try:
        return value.startswith("/") and Path(value).exists()
    except OSError:  # too long for a user name
        return False


def _is_key(value: str) -> bool:
    is_plain = value.isalpha() or value.isdigit()
    min_length = _MIN_PLAIN_KEY_LENGTH if is_plain else MIN_KEY_LENGTH
    return len(value.strip()) >= min_length and value.lower() not in _PLACEHOLDER_KEYS


def _encoded_forms(value: str) -> Iterator[str]:
    yield from (value, value.strip(), quote(value), quote(value, safe=""), quote_plus(value))
    yield from (json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1])
    content = value.encode(errors="surrogateescape")
    for offset in range(3):  # at any offset within the encoded bytes
        encoded = base64.b64encode(bytes(offset) + content).decode().rstrip("=")
        encoded_value = encoded[(0, 2, 3)[offset] : len(encoded) - ((offset + len(content)) % 3 > 0)]
        yield from (encoded_value, encoded_value.replace("+", "-").replace("/", "_"))


def _overlap(tail: str, form: str) -> int:
    """Return how many characters at the end of `tail` are the beginning of `form`, without being all of it."""
    return next((size for size in range(min(len(tail), len(form) - 1), 0, -1) if form.startswith(tail[-size:])), 0)
