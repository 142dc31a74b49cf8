"""Cursors are texts from outside: whatever they hold, the answer is a page or one sentence."""

import uuid
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from lexmill.errors import ErrorClass, LexmillError
from lexmill.listing.cursors import list_digest, read_cursor, write_cursor

DIGEST = list_digest("documents", "acme", "-created_at", {"state": "dead"})
KEY = (datetime(2026, 11, 22, 10, 0, 0, 123456, UTC), uuid.uuid4(), 7, "ключ")
TYPES = (datetime, uuid.UUID, int, str)


@given(
    st.tuples(
        st.datetimes(timezones=st.just(UTC)),
        st.uuids(),
        st.integers(0, 2**63 - 1),
        st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])),
    )
)
@example(KEY)
def test_what_is_written_is_read(key: tuple[Any, ...]) -> None:
    cursor = write_cursor(DIGEST, key)
    assert cursor.isascii()
    assert not set(cursor) & set("+/=& ")
    assert read_cursor(cursor, DIGEST, TYPES) == key


@pytest.mark.parametrize(
    "digest",
    [
        list_digest("jobs", "acme", "-created_at", {"state": "dead"}),
        list_digest("documents", "other", "-created_at", {"state": "dead"}),
        list_digest("documents", "acme", "created_at", {"state": "dead"}),
        list_digest("documents", "acme", "-created_at", {"state": "failed"}),
        list_digest("documents", "acme", "-created_at", {}),
    ],
)
def test_a_cursor_is_good_only_where_it_came_from(digest: bytes) -> None:
    with pytest.raises(LexmillError, match="other filters") as refused:
        read_cursor(write_cursor(DIGEST, KEY), digest, TYPES)
    assert (refused.value.code, refused.value.error_class) == (
        "invalid_cursor",
        ErrorClass.DOCUMENT,
    )


def test_the_order_of_filters_does_not_matter() -> None:
    one = list_digest("d", "n", "s", {"a": "1", "b": "2"})
    assert one == list_digest("d", "n", "s", {"b": "2", "a": "1"})
    assert one != list_digest("d", "n", "s", {"a": "1b=2"})


@given(st.text() | st.binary().map(lambda raw: urlsafe_b64encode(raw).decode()))
@example("")
@example("é")
@example("A" * 100_000)
def test_rubbish_is_refused(text: str) -> None:
    with pytest.raises(LexmillError, match="no cursor of this version"):
        read_cursor(text, DIGEST, TYPES)


@pytest.mark.parametrize(
    "key",
    [
        (),
        (*KEY, "more"),
        ("2026-11-22", *KEY[1:]),  # no zone
        (*KEY[:1], "no uuid", *KEY[2:]),
        (*KEY[:2], "7", KEY[3]),
        (*KEY[:2], -1, KEY[3]),
        (*KEY[:2], 2**63, KEY[3]),
        (*KEY[:3], "nul\0"),
        (*KEY[:3], 7),
    ],
)
def test_a_key_of_other_types_is_refused(key: tuple[Any, ...]) -> None:
    with pytest.raises(LexmillError, match="no cursor of this version"):
        read_cursor(write_cursor(DIGEST, key), DIGEST, TYPES)


def test_another_version_is_refused() -> None:
    raw = urlsafe_b64decode(write_cursor(DIGEST, ()) + "==")
    newer = msgspec.msgpack.encode([2, *msgspec.msgpack.decode(raw)[1:]])
    with pytest.raises(LexmillError, match="no cursor of this version"):
        read_cursor(urlsafe_b64encode(newer).decode(), DIGEST, ())
