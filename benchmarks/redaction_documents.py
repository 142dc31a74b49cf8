"""Invented contracts with known persons and numbers, in all the places where a file keeps text.

The same ones each time. Half are English, half Russian; every number has its right check digits.
"""

import html
import random
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass

from tests.legal.parsing.making import Pdf, docx, part, run, table
from tests.legal.parsing.making import paragraph as block
from tests.legal.redaction.coded_pdf import coded_pdf

FORMATS = ("pdf", "docx", "txt", "html")
_GIVEN = (
    *("Adele", "Bram", "Celia", "Dorian", "Edith", "Felix", "Greta", "Hugo", "Imogen", "Jasper"),
    *("Katrin", "Leander", "Mirjam", "Nestor", "Odette", "Piers", "Quentin", "Rosalind"),
    *("Stellan", "Tabitha", "Ulric", "Verena", "Winifred", "Yorick"),
)
_FAMILY = (
    *("Abernathy", "Blomquist", "Castellan", "Drummond", "Eastlake", "Fothergill", "Grünwald"),
    *("Hathersage", "Ingersoll", "Jessamyn", "Kirkbride", "Lindqvist", "Montrose", "Nightingale"),
    *("Ostergaard", "Pemberton", "Quillfeather", "Ravensworth", "Satterthwaite", "Thistlewood"),
    *("Underhill", "Vanterpool", "Wetherby", "Yarborough"),
)
_RUSSIAN_GIVEN = ("Аркадий", "Богдан", "Виктор", "Геннадий", "Дмитрий", "Евгений", "Захар", "Игорь")
_RUSSIAN_FAMILY = (
    *("Абрикосов", "Ведерников", "Голенищев", "Дубровин", "Жемчужников", "Забелин", "Кондрашов"),
    *("Лопатин", "Мещеряков", "Нестеров", "Огородников", "Подберёзов", "Ракитин", "Сыромятников"),
    *("Толмачёв", "Филимонов"),
)
_PATRONYMICS = ("Аркадьевич", "Борисович", "Викторович", "Глебович", "Денисович", "Кириллович")
_FILLING = (
    "The goods are delivered within thirty days and stay the property of the supplier until paid.",
    "Neither party answers for a delay that is caused by what neither of them could foresee.",
    "This agreement may be ended by either side with a notice of ninety days in writing.",
    "Whatever the parties learn of each other under this agreement is kept confidential.",
)
_RUSSIAN_FILLING = (
    "Товар поставляется в течение тридцати дней и до оплаты остаётся собственностью поставщика.",
    "Стороны освобождаются от ответственности при обстоятельствах непреодолимой силы.",
    "Договор может быть расторгнут любой из сторон с уведомлением за девяносто дней.",
)


@dataclass(frozen=True)
class Value:
    kind: str
    text: str


@dataclass(frozen=True)
class Document:
    """``values`` stand in the text; ``hidden`` ones only where a reader does not look."""

    name: str
    data: bytes
    values: tuple[Value, ...]
    hidden: tuple[Value, ...]


def documents(of_each: int) -> Iterator[Document]:
    for form in FORMATS:
        for number in range(of_each):
            yield _document(form, number)


def _document(form: str, number: int) -> Document:
    chance = random.Random(f"{form} {number}")
    russian = bool(number % 2)
    values = _russian_values(chance) if russian else _english_values(chance)
    hidden = _russian_values(chance)[:1] if russian else _english_values(chance)[:1]
    lines = _russian_lines(chance, values) if russian else _english_lines(chance, values)
    rows = [(_label(value, russian=russian), value.text) for value in values[2:]]
    make = {"pdf": _pdf, "docx": _docx, "txt": _txt, "html": _html}[form]
    data = make(lines, rows, hidden[0].text, number)
    return Document(f"{number:02}.{form}", data, tuple(values), tuple(hidden))


def _english_values(chance: random.Random) -> list[Value]:
    seller, buyer = _person(chance), _person(chance)
    return [
        Value("person", seller),
        Value("person", buyer),
        Value(
            "identifier", f"{chance.randint(101, 665)}-{_digits(chance, 2)}-{_digits(chance, 4)}"
        ),
        Value("account", _iban("DE", _digits(chance, 18))),
        Value("email", f"{seller.split()[0].lower()}{_digits(chance, 3)}@mail.example"),
        Value("phone", f"+1 ({chance.randint(212, 989)}) 555-{_digits(chance, 4)}"),
    ]


def _russian_values(chance: random.Random) -> list[Value]:
    seller, buyer = _russian_person(chance), _russian_person(chance)
    bik = f"04{_digits(chance, 4)}{chance.randint(100, 999)}"
    return [
        Value("person", seller),
        Value("person", buyer),
        Value("identifier", _inn(_digits(chance, 10))),
        Value("account", _account(bik, f"40817810{_digits(chance, 12)}")),
        Value("email", f"post{_digits(chance, 5)}@pochta.example"),
        Value(
            "phone", f"+7 ({chance.randint(901, 989)}) {_digits(chance, 3)}-{_digits(chance, 2)}-77"
        ),
        Value("identifier", _snils(_digits(chance, 9))),
        Value("account", bik),
    ]


def _english_lines(chance: random.Random, values: list[Value]) -> list[str]:
    seller, buyer, _, account, email, phone = (value.text for value in values)
    parties = f"between {seller} (the “Seller”) and {buyer} (the “Buyer”)"
    return [
        "SALE AGREEMENT",
        f"This Agreement is made on 3 May 2024 {parties}.",
        *chance.sample(_FILLING, 2),
        f"The price is paid to the account {account} of the Seller.",
        f"Notices go to {email} or by telephone to {phone}.",
        *chance.sample(_FILLING, 2),
        f"Seller: By: /s/ {seller}",
        f"Name: {seller}",
        f"Buyer: By: /s/ {buyer}",
        f"Name: {buyer}",
    ]


def _russian_lines(chance: random.Random, values: list[Value]) -> list[str]:
    seller, buyer, inn, account, email, phone, snils, bik = (value.text for value in values)
    parties = (
        f"Гражданин РФ {seller}, ИНН {inn}, именуемый в дальнейшем «Продавец», и гражданин РФ"
        f" {buyer}, СНИЛС {snils}, именуемый в дальнейшем «Покупатель», заключили договор."
    )
    return [
        "ДОГОВОР КУПЛИ-ПРОДАЖИ",
        parties,
        *chance.sample(_RUSSIAN_FILLING, 2),
        f"Оплата производится на счёт р/с {account}, БИК {bik}.",
        f"Уведомления направляются на адрес {email} или по телефону {phone}.",
        f"Продавец: ____________ {seller}",
        f"Покупатель: ____________ {buyer}",
    ]


def _label(value: Value, *, russian: bool) -> str:
    english = {"identifier": "SSN", "account": "IBAN", "email": "E-mail", "phone": "Phone"}
    names = {"identifier": "ИНН", "account": "р/с", "email": "Эл. почта", "phone": "Телефон"}
    if russian and value.kind == "identifier" and "-" in value.text:
        return "СНИЛС"
    if russian and value.kind == "account" and len(value.text) == 9:
        return "БИК"
    return (names if russian else english)[value.kind]


def _pdf(lines: list[str], rows: list[tuple[str, str]], hidden: str, number: int) -> bytes:
    width = 60 + number % 30  # values are wrapped at other places in each
    written = [part for line in lines for part in textwrap.wrap(line, width)]
    written += [f"{label}: {text}" for label, text in rows]
    if number % 2:
        return coded_pdf(*written)
    pdf = Pdf()
    canvas = pdf.canvas
    canvas.setAuthor(hidden)
    canvas.setTitle(hidden)
    canvas.bookmarkPage("top")
    canvas.addOutlineEntry(hidden, "top")
    pdf.lines(*written[: len(written) // 2])
    canvas.textAnnotation(f"Ask {hidden}", (400, 100, 420, 120))
    canvas.linkURL("mailto:" + hidden.replace(" ", "."), (72, 100, 200, 120))
    pdf.page()
    canvas.setPageRotation(90 * (number // 2 % 2))
    pdf.lines(*written[len(written) // 2 :], y=200)
    canvas.setFillGray(1)
    pdf.text(72, 700, f"Draft by {hidden}")
    return pdf.save()


def _docx(lines: list[str], rows: list[tuple[str, str]], hidden: str, number: int) -> bytes:
    escaped = html.escape(hidden)
    body = [block(_cut(line, number)) for line in lines]
    body.append(table([[label, text] for label, text in rows]))
    body.append(
        block(
            f'<w:del w:author="{escaped}"><w:r><w:delText>{escaped}</w:delText></w:r></w:del>'
            + run(escaped, "<w:vanish/>")
            + '<w:r><w:fldChar w:fldCharType="begin"/></w:r>'
            + f'<w:r><w:instrText>AUTHOR "{escaped}"</w:instrText></w:r>'
            + '<w:r><w:fldChar w:fldCharType="separate"/></w:r>'
            + run("Signed in two copies.")
            + '<w:r><w:fldChar w:fldCharType="end"/></w:r>'
        )
    )
    comment = f'<w:comment w:id="1" w:author="{escaped}">{block(escaped)}</w:comment>'
    return docx(
        "".join(body),
        {"comments.xml": part("comments", comment), "header1.xml": part("hdr", block(escaped))},
        {"rId1": ("header", "header1.xml")},
        {
            "docProps/core.xml": f"<c>{escaped}</c>".encode(),
            "customXml/item1.xml": escaped.encode("utf-16"),
            "word/media/image1.png": b"\x89PNG\r\n\x1a\n" + hidden.encode(),
        },
    )


def _cut(line: str, number: int) -> str:
    """A line in runs that begin anywhere."""
    step = 5 + number % 11
    return "".join(run(html.escape(line[at : at + step])) for at in range(0, len(line), step))


def _txt(lines: list[str], rows: list[tuple[str, str]], hidden: str, number: int) -> bytes:
    del hidden  # a text file hides nothing
    text = "\r\n\r\n".join(textwrap.fill(line, 50 + number % 40) for line in lines)
    text += "\r\n" + "\r\n".join(f"{label}:\t{value}" for label, value in rows) + "\r\n"
    encoding = ("utf-8", "utf-8", "utf-16", "utf-16")[number % 4]
    return text.encode(encoding)


def _html(lines: list[str], rows: list[tuple[str, str]], hidden: str, number: int) -> bytes:
    name = html.escape(hidden)
    paragraphs = "".join(f"<p>{_tagged(line, number)}</p>" for line in lines)
    cells = "".join(f"<tr><td>{a}<td>{html.escape(b)}" for a, b in rows)
    return (
        f'<!doctype html><meta charset="utf-8"><meta name="author" content="{name}">'
        f"<title>{name}</title><!-- {name} --><script>author = '{name}'</script>{paragraphs}"
        f"<table>{cells}</table><p hidden>{name}</p><p style='display:none'>{name}</p>"
        f"<a href='mailto:{name}' title='{name}'>Write to us</a><del>{name}</del>"
    ).encode()


def _tagged(line: str, number: int) -> str:
    """Some words in bold, some characters as references."""
    words = html.escape(line).split(" ")
    at = number % len(words)
    words[at] = f"<b>{words[at]}</b>"
    return " ".join(words).replace("@", "&#64;")


def _person(chance: random.Random) -> str:
    return f"{chance.choice(_GIVEN)} {chance.choice(_FAMILY)}"


def _russian_person(chance: random.Random) -> str:
    names = (
        chance.choice(_RUSSIAN_FAMILY),
        chance.choice(_RUSSIAN_GIVEN),
        chance.choice(_PATRONYMICS),
    )
    return " ".join(names)


def _digits(chance: random.Random, count: int) -> str:
    return "".join(chance.choice("0123456789") for _ in range(count))


def _iban(country: str, number: str) -> str:
    letters = "".join(str(ord(char) - 55) for char in country)
    check = 98 - int(f"{number}{letters}00") % 97
    whole = f"{country}{check:02}{number}"
    return " ".join(whole[at : at + 4] for at in range(0, len(whole), 4))


def _inn(ten: str) -> str:
    eleven = ten + _weighed(ten, (7, 2, 4, 10, 3, 5, 9, 4, 6, 8))
    return eleven + _weighed(eleven, (3, 7, 2, 4, 10, 3, 5, 9, 4, 6, 8))


def _weighed(digits: str, weights: tuple[int, ...]) -> str:
    return str(sum(int(d) * w for d, w in zip(digits, weights, strict=True)) % 11 % 10)


def _snils(nine: str) -> str:
    total = sum(int(digit) * weight for digit, weight in zip(nine, range(9, 0, -1), strict=True))
    check = total % 101 % 100
    return f"{nine[:3]}-{nine[3:6]}-{nine[6:]} {check:02}"


def _account(bik: str, twenty: str) -> str:
    """The ninth digit makes the sum, weighed by 7, 1, 3 and with the bank's number, end in 0."""
    for key in "0123456789":
        whole = twenty[:8] + key + twenty[9:]
        joined = bik[-3:] + whole
        if sum(int(d) * (7, 1, 3)[at % 3] for at, d in enumerate(joined)) % 10 == 0:
            return whole
    raise AssertionError(twenty)
