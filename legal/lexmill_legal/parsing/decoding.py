"""From bytes to text where nothing says the encoding for sure."""

import codecs
import re
from dataclasses import dataclass

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16: its BOM begins with UTF-16's
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_CYRILLIC = ("cp1251", "koi8-r", "cp866", "iso8859-5", "mac-cyrillic")
# Letters of running Russian, per thousand; Ukrainian and Bulgarian are close enough to decide by.
_RUSSIAN = {
    **dict.fromkeys("оеаинт", 80),
    **dict.fromkeys("срвл", 52),
    **dict.fromkeys("кмдпу", 34),
    **dict.fromkeys("яыьгзб", 19),
    **dict.fromkeys("чйхжшю", 10),
    **dict.fromkeys("цщэф", 4),
}
_CONTROLS = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")
_HIGH_IN_WORD = re.compile(r"(?<=[A-Za-z])[\x80-\U0010ffff]|[\x80-\U0010ffff](?=[A-Za-z])")
_LONE_SURROGATE = re.compile(r"[\ud800-\udfff]")
_SAMPLE = 65_536
_MAX_CONTROLS = 0.02


@dataclass(frozen=True, slots=True)
class Decoded:
    """``certain`` is false where the bytes would have been another text in another encoding."""

    text: str
    encoding: str
    certain: bool = True


def decode(data: bytes) -> Decoded | None:
    """The text of ``data``, or None where the bytes are no text in any encoding we know."""
    for bom, encoding in _BOMS:
        if data.startswith(bom):
            return _strict_or_repaired(data[len(bom) :], encoding)
    if b"\0" in data and (wide := _utf16_without_bom(data)):
        return wide
    decoded = _utf8(data) or _single_byte(data)
    return decoded if _is_text(decoded.text) else None


def decode_as(data: bytes, charset: str) -> Decoded | None:
    """The text under a declared charset, or None where that is unknown or does not fit."""
    try:
        codec = codecs.lookup(_WEB_NAMES.get(charset.lower(), charset))
        text: object = codec.decode(data, "strict")[0]
    except (LookupError, UnicodeError, ValueError, TypeError):
        return None
    # codecs that are no charsets ("hex", "rot13") give bytes, or text for text
    return Decoded(text, codec.name) if isinstance(text, str) else None


# What browsers and mailers mean by these names; Windows wrote the labels wrong for decades.
_WEB_NAMES = {
    "ascii": "cp1252",
    "us-ascii": "cp1252",
    "iso-8859-1": "cp1252",
    "latin-1": "cp1252",
    "latin1": "cp1252",
    "iso8859-1": "cp1252",
    "ks_c_5601-1987": "cp949",
    "euc-kr": "cp949",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "shift_jis": "cp932",
    "shift-jis": "cp932",
    "x-sjis": "cp932",
    "windows-31j": "cp932",
    "windows-874": "cp874",
    "unicode": "utf-16",
}


def clean(text: str) -> str:
    """Line ends as LF, and nothing in the text that UTF-8 or PostgreSQL could not store."""
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    if "\0" in text:
        text = text.replace("\0", "")
    # isascii and encode are both far cheaper than the regex on a clean text
    return text if text.isascii() else _without_surrogates(text)


def _without_surrogates(text: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError:
        # a pair that came in as two halves is one character
        paired = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
        return _LONE_SURROGATE.sub("�", paired)
    return text


def _strict_or_repaired(data: bytes, encoding: str) -> Decoded:
    try:
        return Decoded(data.decode(encoding), encoding)
    except UnicodeDecodeError:
        return Decoded(data.decode(encoding, "replace"), encoding, certain=False)


def _utf16_without_bom(data: bytes) -> Decoded | None:
    if len(data) % 2:
        return None
    best: tuple[float, str] | None = None
    sample = data[:_SAMPLE]
    for encoding, high in (("utf-16-le", sample[1::2]), ("utf-16-be", sample[0::2])):
        # ASCII, Latin-1, Cyrillic and typographic punctuation have these high bytes
        share = sum(map(high.count, (0x00, 0x04, 0x20))) / len(high)
        if share > 0.9 and (best is None or share > best[0]):
            best = share, encoding
    if best is None:
        return None
    try:
        text = data.decode(best[1])
    except UnicodeDecodeError:
        return None
    return Decoded(text, best[1]) if _is_text(text) else None


def _utf8(data: bytes) -> Decoded | None:
    try:
        return Decoded(data.decode(), "utf-8")
    except UnicodeDecodeError as error:
        if error.start >= len(data) - 3 and error.start:
            # cut in the middle of its last character
            cut = data[: error.start].decode()
            return None if cut.isascii() else Decoded(cut + "�", "utf-8", certain=False)
    repaired = data.decode("utf-8", "replace")
    broken = repaired.count("�")
    good = sum(1 for char in repaired[:_SAMPLE] if char > "\x7f" and char != "�")
    # UTF-8 with a few foreign bytes pasted in: single-byte text hardly ever looks like this
    return Decoded(repaired, "utf-8", certain=False) if good > 10 * broken else None


def _single_byte(data: bytes) -> Decoded:
    sample = data[:_SAMPLE]
    high = sum(byte > 0x7F for byte in sample)
    letters = sum(byte | 0x20 in range(0x61, 0x7B) for byte in sample)
    if high > letters * 0.4 and high > 3:
        scores = {name: _russian(sample.decode(name, "replace")) for name in _CYRILLIC}
        best = max(scores, key=lambda name: scores[name])
        if scores[best] > 20 * high:
            return Decoded(data.decode(best, "replace"), best)
    western = _letters_in_words(sample.decode("cp1252", "replace"))
    central = _letters_in_words(sample.decode("cp1250", "replace"))
    encoding = "cp1250" if central > western else "cp1252"
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        text, encoding = data.decode("latin-1"), "latin-1"
    in_words = len(_HIGH_IN_WORD.findall(text[:_SAMPLE]))
    # accented letters stand inside words and are fewer than the others; all else is a guess
    certain = max(western, central) >= 0.7 * in_words and high <= letters * 0.6
    return Decoded(text, encoding, certain=certain)


def _russian(text: str) -> int:
    """How much the text looks like Russian: frequent letters, capitals only where words begin."""
    score = 0
    previous_lower = False
    for char in text:
        if char < "\x80":
            previous_lower = False
            continue
        lower = char.lower()
        weight = _RUSSIAN.get(lower)
        if weight is None:
            # №, «», —, ё and the like are rare but fine; box drawing and accents are not
            score += 0 if char in "№«»—–“”„…•§ё Ё\xa0" else -60
            previous_lower = False
        elif char == lower:
            score += weight
            previous_lower = True
        else:
            score += -100 if previous_lower else weight // 2
            previous_lower = False
    return score


def _letters_in_words(text: str) -> int:
    return sum(1 for char in _HIGH_IN_WORD.findall(text) if char.isalpha())


def _is_text(text: str) -> bool:
    sample = text[:_SAMPLE]
    return len(_CONTROLS.findall(sample)) <= len(sample) * _MAX_CONTROLS
