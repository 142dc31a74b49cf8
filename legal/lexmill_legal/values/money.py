"""Amounts of money and percentages.

A lone "$" is somebody's dollar: its currency is known only where the document says whose.
"""

import re
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final

from lexmill_legal.results import Money
from lexmill_legal.values.numerals import NUMBER, NUMBER_WORDS, decimal, plain, word_number
from lexmill_legal.values.scanning import matches, occurrences, word_starts

_CODES: Final = (
    "USD|EUR|GBP|JPY|CNY|RMB|CHF|CAD|AUD|NZD|HKD|SGD|TWD|INR|KRW|ILS|SEK|NOK|DKK|PLN|CZK|HUF"
    "|TRY|BRL|MXN|ZAR|AED|SAR|THB|RUB|RUR|UAH|KZT|BYN"
)
_EACH_CODE: Final = tuple(_CODES.split("|"))
_SYNONYMS: Final = {"RMB": "CNY", "RUR": "RUB"}
_SYMBOLS: Final = {"€": "EUR", "£": "GBP", "₽": "RUB", "₪": "ILS", "₩": "KRW", "₹": "INR"}
_DOLLARS: Final = {
    "us": "USD", "u.s.": "USD", "c": "CAD", "ca": "CAD", "cdn": "CAD", "can": "CAD",
    "a": "AUD", "au": "AUD", "aud": "AUD", "hk": "HKD", "s": "SGD", "nz": "NZD", "nt": "TWD",
}  # fmt: skip
_SCALES: Final = {
    "thousand": 3, "k": 3, "million": 6, "mm": 6, "mn": 6, "m": 6, "billion": 9, "bn": 9,
    "тыс": 3, "тыс.": 3, "тысяч": 3, "тысячи": 3, "млн": 6, "млн.": 6, "миллион": 6,
    "миллиона": 6, "миллионов": 6, "млрд": 9, "млрд.": 9, "миллиардов": 9, "миллиарда": 9,
}  # fmt: skip
_SCALE: Final = (
    r"(?:\s?(?P<scale>thousand|million|billion|mm|mn|bn|m|k|тысячи?|тыс\.?|миллион(?:а|ов)?"
    r"|млн\.?|миллиард(?:а|ов)?|млрд\.?)(?![A-Za-zА-Яа-яёЁ]))?"
)

_SIGN_FIRST: Final = re.compile(
    rf"(?:(?P<dollar>\$)|(?P<symbol>[€£¥₽₪₩₹])|(?P<code>{_CODES})\s?[$€£¥]?)"
    rf"\s{{0,2}}(?P<number>{NUMBER}){_SCALE}",
    re.IGNORECASE,
)
_PREFIX: Final = re.compile(r"(?<![A-Za-z])(US|U\.S\.|CDN|CAN|CA|C|AUD|AU|A|HK|S|NZ|NT)\s?\Z")
_SIGNS: Final = ("$", "€", "£", "¥", "₽", "₪", "₩", "₹")
_UNIT_LAST: Final = re.compile(
    rf"(?:(?P<code>{_CODES})\b|[Rr]enminbi|[Ee]uros?\b|[Pp]ounds [Ss]terling\b|[Dd]ollars?\b"
    r"|руб(?:л(?:ь|я|ей|ях))?\b|доллар(?:а|ов)? США|евро\b|тенге\b|юан(?:ь|я|ей)\b|[€₽])"
)
_UNITS: Final = (
    "Dollar", "dollar", "Euro", "euro", "Pound", "pound", "Renminbi", "renminbi", "руб",
    "доллар", "евро", "тенге", "юан", "€", "₽",
)  # fmt: skip
_NATION: Final = re.compile(
    r"\b(?P<nation>U\.S\.|US|United States|Canadian|Australian|Hong Kong|Singapore)\s\Z"
)
_NUMBER_BEFORE: Final = re.compile(
    rf"(?<![\d.,/-])(?P<number>{NUMBER}){_SCALE}"
    r"\s{0,2}(?:\([^()]{2,160}\)\s{0,2})?(?P<late>(?:тысяч|тыс\.|млн\.?|million|billion)\s)?"
    r"(?:(?:U\.S\.|US|United States|Canadian|Australian|Hong Kong|Singapore)\s)?\s?\Z"
)
_KOPECKS: Final = re.compile(
    r"(?:ублей|убля|убль|уб)?\.?\s{1,2}(\d\d)(?:\s?\([^()]{2,40}\))?\s?коп\w*"
)
_NATIONS: Final = {
    "u.s.": "USD", "us": "USD", "united states": "USD", "canadian": "CAD",
    "australian": "AUD", "hong kong": "HKD", "singapore": "SGD",
}  # fmt: skip

_PERCENT: Final = re.compile(r"%|per\s?cent\b|процент(?:а|ов)?\b")
_PERCENT_BEFORE: Final = re.compile(
    r"(?:(?<![\d.,])(?P<number>\d{1,3}(?:[.,]\d{1,6})?)\s{0,2}(?:\([^()%]{2,60}\)\s{0,2})?\)?"
    r"|\b(?P<word>(?:W)(?:(?:\sand)?[\s-](?:W)){0,3})(?:\s\([^()%]{1,8}\))?\s{1,2})\Z".replace(
        "W", "|".join(sorted(NUMBER_WORDS, key=len, reverse=True))
    )
)
_CLOSING: Final = re.compile(r"\s?\)")
_PER: Final = re.compile(
    r"\s?\)?\s?(?:\([^()]{1,30}\)\s?)?"
    r"(?:(?:per|a|each|every|за каждый|в|за)\s(?:calendar\s|full\s|календарный\s)?"
    r"(?P<unit>annum|year|month|week|day|день|месяц|год)|(?P<adj>annually|monthly|годовых))\b"
)
_PER_NAMES: Final = {
    "annum": "year", "annually": "year", "годовых": "year", "год": "year",
    "monthly": "month", "месяц": "month", "день": "day",
}  # fmt: skip
_OTHER_DOLLARS: Final = re.compile(
    r"\b(?:CAD|CDN|AUD|HKD|SGD|NZD|TWD)\b"
    r"|(?:Canadian|Australian|Hong Kong|Singapore|New Zealand|Taiwan)\s+[Dd]ollar"
)
_OTHER_NAMES: Final = (
    "CAD", "CDN", "AUD", "HKD", "SGD", "NZD", "TWD",
    "Canadian", "Australian", "Hong Kong", "Singapore", "New Zealand", "Taiwan",
)  # fmt: skip
_OTHER_SIGN: Final = re.compile(r"\b(?:C|CA|A|AU|HK|S|NZ|NT)\s?\Z")
_US_NAMES: Final = ("US", "U.S", "United", "American")
_US_DOLLARS: Final = re.compile(
    r"\bUSD\b|\bU\.?S\.?\s?\$|\b(?:U\.?S\.?|United\sStates|American)\s[Dd]ollar"
    r"|\bUnited\sStates\b|\bU\.S\.|\bUSA\b"
)


@dataclass(frozen=True, slots=True)
class MoneyMention:
    start: int
    end: int
    money: Money | None


@dataclass(frozen=True, slots=True)
class PercentMention:
    start: int
    end: int
    value: str | None
    per: str | None = None


def find_money(text: str, *, comma_groups: bool, limit: int = 2000) -> tuple[MoneyMention, ...]:
    """All amounts with a currency sign, code or word, in order, without overlaps."""
    dollar = _lone_dollar(text) if "$" in text or "ollar" in text else None
    found: list[MoneyMention] = []
    codes = word_starts(text, _EACH_CODE)
    for position in sorted([*occurrences(text, _SIGNS), *codes]):
        match = _SIGN_FIRST.match(text, position)
        if match is not None:
            found.append(_after_sign(text, match, dollar, comma_groups=comma_groups))
            if len(found) >= limit:
                break
    taken = {mention.end for mention in found}
    for position in sorted([*occurrences(text, _UNITS), *codes]):
        unit = _UNIT_LAST.match(text, position)
        if unit is None or not _may_end_number(text, position):
            continue
        mention = _before_unit(text, unit, dollar, comma_groups=comma_groups)
        if mention is not None and mention.end not in taken:
            found.append(mention)
            if len(found) >= 2 * limit:
                break
    found.sort(key=lambda mention: (mention.start, -mention.end))
    kept: list[MoneyMention] = []
    for mention in found:
        if not kept or mention.start >= kept[-1].end:
            kept.append(mention)
    return tuple(kept[:limit])


def _may_end_number(text: str, position: int) -> bool:
    """Cheap: an amount's unit follows a digit, a bracket, "тыс." or the name of a nation."""
    before = text[max(0, position - 3) : position].rstrip()
    return bool(before) and (before[-1].isdigit() or before[-1] in ").нсйаиSndgres")


def _after_sign(
    text: str, match: re.Match[str], dollar: str | None, *, comma_groups: bool
) -> MoneyMention:
    start = match.start()
    currency = dollar
    if match["code"]:
        code = match["code"].upper()
        currency = _SYNONYMS.get(code, code)
    elif match["symbol"]:
        currency = _SYMBOLS.get(match["symbol"])  # "¥" is the yen's and the yuan's
    else:
        prefix = _PREFIX.search(text[max(0, start - 5) : start])
        if prefix is not None:
            currency = _DOLLARS.get(prefix.group(1).lower())
            start -= len(prefix.group())
    money = _money(match["number"], match["scale"], currency, comma_groups=comma_groups)
    return MoneyMention(start, match.end(), money)


def find_percents(lower: str, *, limit: int = 2000) -> tuple[PercentMention, ...]:
    """All percentages of a lower-cased text, in order."""
    found: list[PercentMention] = []
    for position in occurrences(lower, ("%", "percent", "per cent", "процент")):
        sign = _PERCENT.match(lower, position)
        if sign is None:
            continue
        offset = max(0, sign.start() - 72)
        before = _PERCENT_BEFORE.search(lower[offset : sign.start()])
        if before is None:
            continue
        value = _percentage(before)
        if value is None:
            continue
        after = _PER.match(lower, sign.end())
        per = None if after is None else after["unit"] or after["adj"]
        start = offset + before.start()
        mention = PercentMention(
            start, sign.end(), value, None if per is None else _PER_NAMES.get(per, per)
        )
        if found and lower[found[-1].end : start].strip(" \n") == "(":
            bracket = _CLOSING.match(lower, sign.end())
            closed = sign.end() if bracket is None else bracket.end()
            mention = _merged(found.pop(), replace(mention, end=closed))
        found.append(mention)
        if len(found) >= limit:
            break
    return tuple(found)


def _merged(words: PercentMention, digits: PercentMention) -> PercentMention:
    """Two writings of one percentage; where they disagree it has no value."""
    value = digits.value if digits.value == words.value else None
    return PercentMention(words.start, digits.end, value, digits.per)


def _percentage(before: re.Match[str]) -> str | None:
    if before["number"]:
        return plain(Decimal(before["number"].replace(",", ".")))
    number = word_number(before["word"])
    return str(number) if number is not None else None


def _lone_dollar(text: str) -> str | None:
    """Whose dollar "$" is: known only where the document names one nation's dollars."""
    if any(matches(_OTHER_DOLLARS, text, _OTHER_NAMES)) or any(
        _OTHER_SIGN.search(text[max(0, position - 4) : position])
        for position in occurrences(text, ("$",))
    ):
        return None
    return "USD" if any(matches(_US_DOLLARS, text, _US_NAMES)) else None


def _unit_currency(text: str, unit: re.Match[str], dollar: str | None) -> str | None:
    if unit["code"]:
        code = unit["code"].upper()
        return _SYNONYMS.get(code, code)
    word = unit.group().lower()
    if "dollar" in word:
        nation = _NATION.search(text[max(0, unit.start() - 16) : unit.start()])
        return _NATIONS[nation["nation"].lower()] if nation else dollar
    for stem, currency in (
        ("euro", "EUR"), ("€", "EUR"), ("евро", "EUR"), ("pound", "GBP"), ("руб", "RUB"),
        ("₽", "RUB"), ("доллар", "USD"), ("тенге", "KZT"), ("юан", "CNY"), ("renminbi", "CNY"),
    ):  # fmt: skip
        if word.startswith(stem):
            return currency
    return None


def _before_unit(
    text: str, unit: re.Match[str], dollar: str | None, *, comma_groups: bool
) -> MoneyMention | None:
    offset = max(0, unit.start() - 200)
    before = _NUMBER_BEFORE.search(text[offset : unit.start()])
    if before is None:
        return None
    currency = _unit_currency(text, unit, dollar)
    scale = before["scale"] or before["late"]
    money = _money(before["number"], scale, currency, comma_groups=comma_groups)
    end = unit.end()
    kopecks = _KOPECKS.match(text, end) if currency == "RUB" else None
    if kopecks is not None:
        end = kopecks.end()
        if money is not None and money.amount.endswith(".00"):
            money = Money(f"{money.amount[:-2]}{kopecks.group(1)}", "RUB")
    elif currency == "RUB" and text[end : end + 1] == "." and unit.group().lower() == "руб":
        end += 1
    return MoneyMention(offset + before.start(), end, money)


def _money(
    number: str, scale: str | None, currency: str | None, *, comma_groups: bool
) -> Money | None:
    value = decimal(number, comma_groups=comma_groups)
    if value is None:
        return None
    if scale:
        value = value.scaleb(_SCALES[scale.strip().lower()])
    digits = format(value, "f")
    whole, _, fraction = digits.partition(".")
    return Money(
        f"{whole}.{(fraction.rstrip('0') + '00')[: max(2, len(fraction.rstrip('0')))]}", currency
    )
