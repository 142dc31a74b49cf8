"""Where a person can be reached: e-mail addresses, telephone numbers, postal addresses."""

import re
from collections.abc import Iterator
from itertools import islice
from typing import Final

from lexmill_legal.extract.contacts import find_contacts
from lexmill_legal.extract.reading import Reading
from lexmill_legal.redaction.mentions import Mention

_EMAIL: Final = re.compile(
    r"(?<![\w.+%'-])[\w][\w.+%'’&-]{0,63}(?:@|\s?[\[(](?:at|@)[\])]\s?)"
    r"(?:[\w-]{1,63}(?:\.|\s?[\[(]dot[\])]\s?)){1,6}[^\W\d_]{2,24}(?!\w)"
)
_EXTENSION: Final = r"(?:\s?(?:ext|x|доб)\.?\s?\d{1,6})?"
_GAP: Final = r"[ \u00a0‐‑–-]?"
_ANY: Final = r"[ \u00a0./()‐‑–-]{0,3}"
_PHONES: Final = tuple(
    re.compile(rf"(?<![\w.,/$€£#-])(?:{pattern})(?![\w/%]|[.,-]\d)")
    for pattern in (
        # with a country's code: the digits may be grouped in any way
        rf"(?:\+|00(?=[1-9]))[ \u00a0]?\d{{1,3}}{_ANY}(?:\d{_ANY}){{6,12}}\d{_EXTENSION}",
        rf"(?:1[ .-])?\(\d{{3}}\)[ \u00a0]?\d{{3}}[ \u00a0.‐‑–-]\d{{4}}{_EXTENSION}",
        rf"(?:1[ .-])?[2-9]\d{{2}}([.‐‑–-])\d{{3}}\1\d{{4}}{_EXTENSION}",
        r"[2-9]\d{2} \d{3}[ -]\d{4}",
        rf"8[ \u00a0]?[(-]?[ ]?\d{{3,5}}[ ]?[)-]?[ \u00a0]?\d{{1,3}}{_GAP}\d{{2}}{_GAP}\d{{2}}",
        r"\(0\d{2,5}\)[ ]?\d{3,4}[ -]?\d{3,4}",
        r"0\d{2,4}[ -]\d{3,4}[ -]\d{3,4}",
        r"0\d{4} \d{5,6}",
        r"07\d{3} ?\d{6}",
        r"0\d(?:[ .]\d{2}){4}",
        r"\(\d{3,5}\)[ \u00a0]?\d{2,3}[ \u00a0‐‑–-]\d{2}[ \u00a0‐‑–-]\d{2}",
    )
)
_LABELLED_PHONE: Final = re.compile(
    r"(?<!\w)(?i:tel(?:ephone|ephone\s+number|efon)?|phones?|fax|facsimile|mobile|cell(?:ular"
    r"|\s?phone)?"
    r"|telecopier|whatsapp|direct(?:\s+line|\s+dial)?|landline|call|ph|тел(?:ефоны?)?|факс"
    r"|моб(?:ильный)?)"
    r"(?i:\s+(?:at|is|number|no\.?))?[.]?(?i:\s?(?:no|number|№|номер"
    r"|\(?[a-z]{1,8}\)?)\.?)?\s{0,3}[:.]?\s{0,3}"
    r"(?P<value>[+(]?\d[\d \u00a0().‐‑–/-]{5,22}\d(?:\s?(?:ext|x|доб)\.?\s?\d{1,6})?)(?![\d%])"
)
_STREET: Final = (
    r"(?:Street|St|Avenue|Ave|Road|Rd|Boulevard|Blvd|Drive|Dr|Lane|Ln|Way|Court|Ct|Place|Pl"
    r"|Square|Sq"
    r"|Terrace|Ter|Highway|Hwy|Parkway|Pkwy|Plaza|Circle|Cir|Close|Crescent|Mews|Row|Walk"
    r"|Gardens|Hill"
    r"|Quay|Wharf|Broadway|Trail|Trl|Turnpike|Pike|Loop|Park|Grove|View|Green|Rise|Alley|Path"
    r"|Bypass"
    r"|STREET|AVENUE|ROAD|DRIVE|LANE|BOULEVARD|WAY|COURT|PLACE|SQUARE)"
)
_CITY: Final = r"[A-Z][\w.'’-]{1,30}(?:[ ][A-Z][\w.'’-]{1,30}){0,3}"
_POSTCODE: Final = (
    r"(?:\d{5}(?:-\d{4})?|[A-Z]{1,2}\d[A-Z\d]?[ ]?\d[A-Z]{2}|[A-Z]\d[A-Z][ ]?\d[A-Z]\d|\d{4,6})"
)
_STATE: Final = r"(?:[A-Z]{2}|[A-Z][a-z]+(?:[ ][A-Z][a-z]+)?)\.?"
_JOINT: Final = r"(?:,[ \t]*\n?[ \t]*|[ \t]*\n[ \t]*|[ ]{1,2})"
_UNIT: Final = (
    r"(?:(?:Suite|Ste|Unit|Apt|Apartment|Floor|Fl|Room|Building|Bldg|Flat|P\.?O\.?[ ]Box"
    r"|#)\.?[ ]?"
    r"[A-Z0-9-]{1,6}|\d{1,3}(?:st|nd|rd|th)[ ](?:Floor|Fl\.?))"
)
_AMERICAN: Final = re.compile(
    rf"(?<![\w.$-])(?:{_UNIT}{_JOINT})?\d{{1,6}}[A-Z]?(?:-\d{{1,4}})?[ ]"
    rf"(?:[NSEW]\.?[ ]|(?:North|South|East|West)[ ])?"
    rf"(?:(?:[A-Z0-9][\w.'’-]{{0,30}}[ ]){{1,5}}?{_STREET}|Broadway)\b\.?(?:["
    rf" ](?:[NSEW]{{1,2}}\b\.?"
    rf"|North|South"
    rf"|East|West))?"
    rf"(?:{_JOINT}{_UNIT})?"
    rf"(?:{_JOINT}{_CITY}(?:{_JOINT}{_CITY})?(?:,?[ ]{{1,2}}{_STATE})?(?:{_JOINT}{_POSTCODE}\b)"
    rf"|,[ ]{_CITY},[ ]{_STATE}(?!\w))?"
    rf"(?:{_JOINT}(?:USA|U\.S\.A\.|United States(?: of America)?|UK|United Kingdom|England"
    rf"|Canada|Australia)\b)?"
)
_BOX: Final = re.compile(
    rf"\b(?:P\.?[ ]?O\.?|Post[ ]Office)[ ]Box[ ]\d{{1,7}}(?:{_JOINT}{_CITY},?[ ]{_STATE}["
    rf" ]{{1,2}}{_POSTCODE}\b)?"
)
_TOWN: Final = re.compile(
    rf"(?m)^[ \t]*(?P<value>{_CITY},[ ](?:[A-Z]{{2}}|{_STATE})[ ]{{1,2}}\d{{5}}(?:-\d{{4}})?)\b"
)
_GERMAN: Final = re.compile(
    r"\b[A-ZÄÖÜ][\wäöüß.-]{0,40}?(?:straße|strasse|str\.|weg|allee|platz|gasse|ring|damm|ufer)["
    r" ]\d{1,4}[ ]?[a-z]?"
    rf"(?:{_JOINT}(?:[A-Z]{{1,2}}-)?\d{{4,5}}[ ]{_CITY})?"
)
_EUROPEAN: Final = re.compile(
    r"\b\d{1,4}(?:[ ]?(?:bis|ter))?,?[ ](?:rue|avenue|boulevard|place|quai|chemin|allée"
    r"|impasse|cours)[ ]"
    rf"[\w'’ -]{{3,40}}?(?:,[ ]|\n)\d{{5}}[ ]{_CITY}"
)
_LABEL: Final = re.compile(
    r"(?im)(?<![\w-])(?P<label>(?:home|mailing|postal|residential|residence|street|business"
    r"|notice|delivery|billing"
    r"|registered|permanent|current|physical)?\s?address(?:es)?(?:\s+(?:of|for)\s[^:\n]{2,40})?"
    r"|residing(?:\s+at)?|resides\s+at|resident\s+(?:at|of)|domiciled\s+at"
    r"|lives\s+at)(?P<colon>\s{0,2}:)?[ \t]{0,4}"
    r"(?P<value>[^\n]{6,160})"
)
_END_OF_ADDRESS: Final = re.compile(
    r"\s*[;(\"“”]|,?\s+(?:and|who|which|whose|hereinafter|hereby|with|born|holder|holding|by"
    r"|as|is|shall|\(|having"
    r"|tel|phone|fax|e-?mail|attention|attn|passport|ssn|тел|e-mail|эл|инн|огрн|паспорт"
    r"|именуе\w+|р/с|снилс"
    r"|телефон|в\s+лице|действующ\w+|с\s+одной)(?:\b|\s|[.:,])|(?:(?<=\d)"
    r"|(?<=[^\W\d_]{4}))\.(?:\s|\Z)(?=\s*[A-ZА-ЯЁ\"“(]|\s*\Z)",
    re.IGNORECASE,
)
_RUSSIAN_PART: Final = (
    r"(?:(?:г|гор|ул|пр|просп|пер|д|кв|корп|к|стр|обл|р-н|пос|с|дер|ш|наб|бул|пл|оф|пом|комн"
    r"|лит|эт"
    r"|влад|п|каб|вл|соор|мкр)\.[ ]?|(?:пр-т|б-р|мкр|пр-д|пгт|снт|тер|д|дом|кв|к|стр|оф|офис"
    r"|эт|этаж"
    r"|литера?|корп(?:ус)?|ш)[ ]|(?:[Гг]ород|[Уу]лица|[Пп]роспект|[Пп]ереулок|[Шш]оссе"
    r"|[Нн]абережная|[Пп]лощадь|[Бб]ульвар|[Пп]роезд|[Рр]еспублика|[Кк]вартира|[Сс]троение"
    r"|[Пп]омещение|[Мм]икрорайон|[Сс]ело|[Пп]ос[её]лок|[Дд]еревня|[Тт]упик|[Аа]ллея)[ ])"
)
_RUSSIAN_START: Final = (
    r"(?:(?:г|гор|ул|пр|просп|пер|обл|пос|дер|наб|бул|пл|мкр)\.[ ]?|(?:пр-т|б-р)[ ]|(?:[Гг]ород"
    r"|[Уу]лица|[Пп]роспект|[Пп]ереулок|[Рр]еспублика|[Нн]абережная|[Бб]ульвар)[ ])"
)
_RUSSIAN_REGION: Final = (
    r"[А-ЯЁ][а-яё-]+(?:[ ][А-ЯЁ][а-яё-]+)?[ ](?:область|обл\.|край|район|р-н|ул(?:ица|\.)"
    r"|пр(?:оспект|-т|\.)"
    r"|пер(?:еулок|\.)|шоссе|наб(?:ережная|\.)|бульвар|проезд|площадь)"
)
_RUSSIAN: Final = re.compile(
    rf"(?<![\w-])(?:\d{{6}},?\s{{1,3}}(?=[А-ЯЁг])|(?={_RUSSIAN_START}[А-ЯЁ\d])"
    rf"|(?={_RUSSIAN_REGION}))"
    r"[^,;\n()«»\"]{1,50}"
    rf"(?:,\s{{0,3}}(?={_RUSSIAN_PART}|{_RUSSIAN_REGION}|\d{{1,4}}[а-я]?\b"
    rf"|[А-ЯЁ][а-яё-]{{2,20}}[,\s])"
    r"[^,;\n()«»\"]{1,50}){1,9}"
)
_RUSSIAN_LABEL: Final = re.compile(
    r"(?i:адрес\w*(?:\s+(?:регистрации|места\s+(?:жительства|нахождения|регистрации)"
    r"|проживания|для\s+\w+))?"
    r"|зарегистрирован\w*(?:\s+и\s+проживающ\w+)?(?:\s+по\s+адресу)?"
    r"|проживающ\w+(?:\s+по\s+адресу)?|место\s+жительства"
    r"|по\s+адресу)\s{0,2}[:–—-]?[ \t]{0,4}(?P<value>(?:\d{6}|[А-ЯЁг])[^;\n]{8,160})"
)
_HOUSE: Final = re.compile(
    r"\b(?:ул|пр|просп|пер|наб|бул|пл|ш|проезд|улица|проспект|переулок|шоссе"
    r"|набережная|площадь|бульвар|мкр|д|дом|кв|б-р|пр-т)\b[^\d]{0,60}\d"
)
_MOST: Final = 2_000


def find_places(reading: Reading) -> Iterator[Mention]:
    yield from _emails(reading)
    yield from find_telephones(reading)
    yield from _addresses(reading)


def _emails(reading: Reading) -> Iterator[Mention]:
    lower = reading.lower
    if "@" not in lower and "at]" not in lower and "at)" not in lower:
        return
    for match in _EMAIL.finditer(reading.text):
        end = match.end()
        written = match.group()
        subject = re.sub(r"\s?[\[(](?:at|@)[\])]\s?", "@", written.lower())
        subject = re.sub(r"\s?[\[(]dot[\])]\s?", ".", subject)
        yield Mention(match.start(), end, "email", "E-mail address", subject, written)


def find_telephones(reading: Reading) -> Iterator[Mention]:
    text = reading.text
    for pattern in _PHONES:
        for match in pattern.finditer(text):
            yield from _phone(text, *match.span())
    for match in _LABELLED_PHONE.finditer(text):
        yield from _phone(text, *match.span("value"))


def _phone(text: str, start: int, end: int) -> Iterator[Mention]:
    written = text[start:end].rstrip(" (-–.")
    if written.count("(") < written.count(")"):
        written = written[: written.rfind(")")].rstrip()
    digits = re.sub(r"\D", "", re.split(r"ext|x|доб", written)[0])
    if not 7 <= len(digits) <= 15 or "\n" in written:
        return
    plus = written.startswith(("+", "00"))
    digits = digits.lstrip("0") if plus else digits
    if len(digits) == 11 and digits[0] == "8" and not plus:
        digits = "7" + digits[1:]
    elif len(digits) == 10 and not plus and _is_american(written):
        digits = "1" + digits
    yield Mention(start, start + len(written), "phone", "Telephone number", digits, written)


def _is_american(written: str) -> bool:
    """Ten digits, the area in front, as in (212) 555-0100."""
    return re.fullmatch(r"\(?[2-9]\d{2}\)?[ .‐‑–-]?\d{3}[ .‐‑–-]\d{4}", written) is not None


def _addresses(reading: Reading) -> Iterator[Mention]:
    text = reading.text
    for found in find_contacts(reading):
        if found.field == "address" and found.start is not None and found.end is not None:
            yield _address(text, found.start, found.end)
    for pattern in (_AMERICAN, _BOX, _TOWN, _GERMAN, _EUROPEAN):
        for match in islice(pattern.finditer(text), _MOST):
            yield _address(text, *match.span())
    labels = (_LABEL, _RUSSIAN_LABEL) if reading.russian else (_LABEL,)
    for label in labels:
        for match in label.finditer(text):
            yield from _line(text, *match.span("value"))
    for match in _RUSSIAN.finditer(text) if reading.russian else ():
        if _HOUSE.search(match.group()):
            stop = _END_OF_ADDRESS.search(text, *match.span())
            yield _address(text, match.start(), stop.start() if stop else match.end())


def _line(text: str, start: int, end: int) -> Iterator[Mention]:
    """What a label names: an address has a number in it, and begins with one or with a name."""
    stop = _END_OF_ADDRESS.search(text, start, end)
    end = stop.start() if stop else end
    written = text[start:end]
    begins = written[:1].isdigit() or written[:1].isupper() or written.startswith("г")
    if begins and len(written) > 5 and "@" not in written and re.search(r"\d", written):
        yield _address(text, start, end)


def _address(text: str, start: int, end: int) -> Mention:
    written = text[start:end]
    start += len(written) - len(written.lstrip())
    written = text[start:end].rstrip(" ,.\n\t")
    shown = " ".join(written.split())
    subject = " ".join(re.findall(r"\w+", shown.lower()))
    return Mention(start, start + len(written), "address", "Postal address", subject, shown)
