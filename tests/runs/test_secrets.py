"""Keys of this process are removed from text that arrives in any pieces. Characters that were split are joined."""

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gedanken.agents.incoming_text import REPLACEMENT, IncomingText, repair_surrogates
from gedanken.experiment.secrets import REMOVED, Secrets, secrets_in_address, secrets_in_environment, shown_address

KEY, OTHER = "sk-abc/1+2=3xyz", "lsv2_plant_7a4c"  # the end of OTHER begins a form of KEY in base64
SECRETS = Secrets([KEY, OTHER])


@given(st.lists(st.integers(1, 7), max_size=40), st.sampled_from([KEY, OTHER, f"{OTHER}{KEY}", f"a{KEY[:5]}{KEY} b"]))
def test_no_key_comes_through_in_whatever_pieces_it_comes(sizes: list[int], key: str) -> None:
    text = f"loss: 0.5 {key} and {key}\n"
    incoming, output, position = IncomingText(SECRETS), "", 0
    for size in sizes:
        output += incoming.add(text[position : position + size])
        position += size
    output += incoming.add(text[position:]) + incoming.end()
    assert output == SECRETS.redacted(text)
    assert KEY not in output and OTHER not in output and incoming.keys == output.count(REMOVED)


@pytest.mark.parametrize("before", [b"", b"a", b"ab", b"user:"])
def test_a_key_in_base64_is_found_wherever_it_begins(before: bytes) -> None:
    redacted = SECRETS.redacted(base64.b64encode(before + KEY.encode() + b" more").decode())
    assert REMOVED in redacted
    assert len(redacted.replace(REMOVED, "")) <= 2 * (len(before) + len(" more")) + 4  # of the text around the key


def test_ordinary_words_and_numbers_are_no_keys() -> None:
    secrets = Secrets(["EMPTY", "password", "12345678", "sk-no-key-required"])
    assert (
        secrets.redacted("EMPTY password 12345678 sk-no-key-required") == "EMPTY password 12345678 sk-no-key-required"
    )


def test_the_environment_s_keys_are_known_by_name_and_those_in_addresses() -> None:
    variables = {
        "OPENAI_API_KEY": "sk-one",
        "HTTPS_PROXY": "http://me:secret@proxy:1",
        "TOKENIZERS_PARALLELISM": "false",
        "HOME": "/root",
        "ANTHROPIC_CUSTOM_HEADERS": "x-api-key: sk-headers-12345678",
    }
    keys = set(secrets_in_environment(variables))
    assert {"sk-one", "secret", "sk-headers-12345678"} <= keys and not {"false", "/root"} & keys


@pytest.mark.parametrize(
    "address, shown",
    [
        ("http://u:pw@h:1/v1", "http://h:1/v1"),
        ("htp:/u:pw@h/v1", "htp:/h/v1"),
        ("https://h/v1?api-key=K&api-version=1#t", "https://h/v1?api-key=…&api-version=1"),
        ("https://h/sk-proj-ab12cd34ef56/v1", "https://h/…/v1"),
        ("http://127.0.0.1:8000/openai/deployments/gpt-4.1-mini/v1", None),
    ],
)
def test_an_address_is_shown_without_what_signs_in(address: str, shown: str | None) -> None:
    assert shown_address(address) == (shown or address)
    assert bool(set(secrets_in_address(address))) == (shown is not None)


def test_halves_of_a_character_are_joined_over_pieces_and_lone_ones_replaced_and_noted() -> None:
    incoming = IncomingText(SECRETS)
    output = incoming.add("a\ud83d") + incoming.add("\ude00b\ude00") + incoming.add("c\ud83d") + incoming.end()
    assert output == f"a😀b{REPLACEMENT}c{REPLACEMENT}" and incoming.halves == 2
    assert len(incoming.notes()) == 1
    assert json.loads(json.dumps(output, ensure_ascii=False).encode()) == output


@given(st.text(st.characters(categories=["Cs", "Cc", "L", "So"])))
def test_every_text_becomes_one_that_utf_8_holds(text: str) -> None:
    assert repair_surrogates(text)[0].encode().decode() == repair_surrogates(text)[0]
