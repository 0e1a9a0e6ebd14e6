"""A server's answer supports a claim only if the claim is about the same address."""

import pytest
from agent_sessions import Session

from gedanken.compare.audit.audit_transcript import audit_transcript

ASK = "curl -s -o /dev/null -w '%{http_code}' "


def statuses(address: str, message: str) -> set[str]:
    return {
        claim.status for claim in audit_transcript(Session().ran(ASK + address, "204").said(message).transcript())
    }


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("localhost:8000/start", "`/start/install` answers 204."),
        ("localhost:8000/start/install", "`/start` answers 204."),
        ("https://shop.test/v1/cart", "https://shop.test/v1/orders returns 204."),
    ],
)
def test_another_address_supports_nothing(asked: str, said: str) -> None:
    assert statuses(asked, said) == {"undecidable"}


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("localhost:8000/start/install", "`/start/install` answers 204."),
        ("localhost:8000/api/start/install/", "`/start/install` answers 204."),
        ("localhost:8000/items/7", "`/items/{id}` answers 204."),
        ("localhost:8000/items/7?a=b", "The server answers 204."),
    ],
)
def test_the_same_address_supports_it(asked: str, said: str) -> None:
    assert statuses(asked, said) == {"supported"}
