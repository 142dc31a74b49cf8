"""The grammars of attribute names and values: CloudEvents types, RFC 3986, 3339, 2046.

All patterns use possessive repeats, so none can be made to backtrack.
"""

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from ipaddress import AddressValueError, IPv6Address
from typing import Final, NamedTuple
from urllib.parse import unquote_to_bytes

# The few sources and media types that a sender uses are checked once; longer ones are never kept.
_CACHED_LENGTH: Final = 200
_CACHED_VALUES: Final = 4096

_NAME = re.compile(r"[a-z0-9]++")


def is_name(name: str) -> bool:
    return _NAME.fullmatch(name) is not None


# C0 and C1 controls, surrogates, and the 66 noncharacters of Unicode.
_NOT_IN_STRINGS = re.compile(
    "[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef"
    + "".join(chr(plane << 16 | low) for plane in range(17) for low in (0xFFFE, 0xFFFF))
    + "]"
)


def is_string(value: str) -> bool:
    """Whether the value is of the CloudEvents type String."""
    return (value.isascii() and value.isprintable()) or not _NOT_IN_STRINGS.search(value)


_UNRESERVED = r"A-Za-z0-9\-._~"
_SUB_DELIMS = r"!$&'()*+,;="
_PCT = r"%[0-9A-Fa-f]{2}"


def _run(characters: str) -> str:
    """Possessive only around single characters, here as everywhere in this package.

    Around groups, Python before 3.11.5 matches what it must not (python/cpython#106052). Nothing
    is lost: the alternatives begin differently, so there is one way to match and no backtracking.
    """
    return rf"(?:[{characters}]++|{_PCT})"


_PCHAR = rf"{_UNRESERVED}{_SUB_DELIMS}:@"
_AUTHORITY = (
    rf"(?:{_run(_UNRESERVED + _SUB_DELIMS + ':')}*@)?"
    r"(?:\[(?:(?P<ip6>[0-9A-Fa-f:.]++)"
    rf"|[Vv][0-9A-Fa-f]++\.[{_UNRESERVED}{_SUB_DELIMS}:]++)\]"
    rf"|{_run(_UNRESERVED + _SUB_DELIMS)}*)"
    r"(?::[0-9]*+)?"
)
_SCHEME = r"[A-Za-z][A-Za-z0-9+.\-]*+:"
_REST = rf"{_run(_PCHAR + '/')}*"
# Without a scheme the first segment of a relative path has no colon.
_ROOTLESS = rf"{_run(_PCHAR)}{_REST}"
_NO_SCHEME = rf"{_run(_UNRESERVED + _SUB_DELIMS + '@')}+(?:/{_REST})?"
_PATHS = rf"(?://{_AUTHORITY}(?:/{_REST})?|/(?!/){_REST}|(?(scheme){_ROOTLESS}|{_NO_SCHEME})|)"
_QUERY = rf"(?:\?{_run(_PCHAR + '/?')}*)?"
_FRAGMENT = rf"(?:#{_run(_PCHAR + '/?')}*)?"
_URI_REFERENCE = re.compile(rf"(?P<scheme>{_SCHEME})?{_PATHS}{_QUERY}{_FRAGMENT}")
_ABSOLUTE_URI = re.compile(rf"(?P<scheme>{_SCHEME}){_PATHS}{_QUERY}")


def _is_uri(pattern: re.Pattern[str], value: str) -> bool:
    match = pattern.fullmatch(value)
    if match is None:
        return False
    if match["ip6"] is None:
        return True
    try:
        IPv6Address(match["ip6"])
    except AddressValueError:
        return False
    return True


@lru_cache(_CACHED_VALUES)
def _is_known_uri_reference(value: str) -> bool:
    return _is_uri(_URI_REFERENCE, value)


def is_uri_reference(value: str) -> bool:
    """RFC 3986, section 4.1; the empty reference is one."""
    if len(value) <= _CACHED_LENGTH:
        return _is_known_uri_reference(value)
    return _is_uri(_URI_REFERENCE, value)


def is_absolute_uri(value: str) -> bool:
    """RFC 3986, section 4.3: with a scheme, without a fragment."""
    return _is_uri(_ABSOLUTE_URI, value)


_HOURS_MINUTES = r"(?:[01][0-9]|2[0-3]):[0-5][0-9]"
_TIMESTAMP = re.compile(
    rf"[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}T{_HOURS_MINUTES}:(?P<second>[0-5][0-9]|60)"
    rf"(?:\.[0-9]++)?(?:Z|[+\-]{_HOURS_MINUTES})"
)
_LEAP_DAYS: Final = {(6, 30), (12, 31)}


def timestamp(value: str) -> datetime | None:
    """The moment that RFC 3339 text names, in UTC; None where the text is no timestamp.

    A leap second is taken where one can be (23:59:60 UTC, end of June or December) and becomes the
    first second after it, as in PostgreSQL. Digits beyond microseconds are cut off.
    """
    value = value.upper()
    match = _TIMESTAMP.fullmatch(value)
    if match is None:
        return None
    try:
        if match["second"] == "60":
            return _leap_second(value, match.start("second"))
        moment = datetime.fromisoformat(value)
        return moment if moment.tzinfo is UTC else moment.astimezone(UTC)
    except (ValueError, OverflowError):  # no such day; outside of the years 1 to 9999
        return None


def _leap_second(value: str, start: int) -> datetime | None:
    before = datetime.fromisoformat(f"{value[:start]}59{value[start + 2 :]}").astimezone(UTC)
    if (before.month, before.day) in _LEAP_DAYS and (before.hour, before.minute) == (23, 59):
        return before + timedelta(seconds=1)
    return None


class MediaType(NamedTuple):
    essence: str
    """Type and subtype in lower case, without parameters."""
    charset: str | None

    @property
    def is_json(self) -> bool:
        return self.essence.endswith(("/json", "+json"))

    @property
    def is_text(self) -> bool:
        return self.essence.startswith("text/")


JSON: Final = MediaType("application/json", None)

_TOKEN = r"[!#$%&'*+\-.^_`{|}~0-9A-Za-z]++"  # noqa: S105 - RFC 2045's word for it
_QUOTED = r'"(?:[\t \x21\x23-\x5b\x5d-\x7e]++|\\[\t -~])*"'
_PARAMETER = rf"[ \t]*+;[ \t]*+({_TOKEN})=({_TOKEN}|{_QUOTED})"
_MEDIA_TYPE = re.compile(rf"({_TOKEN}/{_TOKEN})((?:{_PARAMETER})*)")
_PARAMETERS = re.compile(_PARAMETER)


def _media_type(value: str) -> MediaType | None:
    match = _MEDIA_TYPE.fullmatch(value)
    if match is None:
        return None
    charset = None
    for name, parameter in _PARAMETERS.findall(match[2]):
        if name.lower() == "charset" and charset is None:
            charset = re.sub(r"\\(.)", r"\1", parameter.strip('"')).lower()
    return MediaType(match[1].lower(), charset)


_known_media_type = lru_cache(_CACHED_VALUES)(_media_type)


def media_type(value: str) -> MediaType | None:
    """What RFC 2046 text says; None where it is no media type."""
    return _known_media_type(value) if len(value) <= _CACHED_LENGTH else _media_type(value)


# By our own table, as Python's registry also has codecs that are no charsets (punycode: quadratic)
# and remembers each unknown name that it was asked for.
CODECS: Final = {
    **{name: name for name in ("utf-8", "utf-16", "utf-16be", "utf-16le")},
    **{name: name for name in ("koi8-r", "koi8-u", "gb2312", "gbk", "gb18030", "big5")},
    **{name: name for name in ("shift_jis", "euc-jp", "iso-2022-jp", "euc-kr")},
    **{f"iso-8859-{part}": f"iso-8859-{part}" for part in range(1, 17) if part != 12},
    **{f"windows-{page}": f"cp{page}" for page in range(1250, 1259)},
    "us-ascii": "utf-8",
    "ascii": "utf-8",
    "utf8": "utf-8",
    "latin1": "iso-8859-1",
    "ibm866": "cp866",
    "cp866": "cp866",
    "macintosh": "mac-roman",
}

_QUOTED_STRING = re.compile(rb'"((?:[^"\\]++|\\.)*)"', re.DOTALL)
_STRAY_PERCENT = re.compile(rb"%(?![0-9A-Fa-f]{2})")


def header_text(value: bytes) -> str | None:
    """Decode a header's value (HTTP binding 3.1.3.2): unquote, then percent-decode once.

    None where a quote is not closed, a percent sign begins no escape, or the bytes are not UTF-8.
    """
    if b'"' in value:
        outside = _QUOTED_STRING.sub(b"", value)
        if b'"' in outside:
            return None
        value = _QUOTED_STRING.sub(
            lambda quoted: re.sub(rb"\\(.)", rb"\1", quoted[1], flags=re.DOTALL), value
        )
    if b"%" in value:
        if _STRAY_PERCENT.search(value):
            return None
        value = unquote_to_bytes(value)
    try:
        return value.decode()
    except UnicodeDecodeError:
        return None
