"""Amounts and percentages with the role they play; ``other`` where the text does not say."""

import re
from collections.abc import Iterator
from typing import Final

from lexmill_legal.extract.candidates import Candidate, one_line
from lexmill_legal.extract.reading import Reading

# Role, words, weight: strong words win over nearer weak ones.
_CUES: Final = (
    ("cap", 3.0, (r"(?:aggregate|total|maximum|cumulative|entire)\s+liabilit\w+"
r"|liabilit\w+[^.]{0,90}(?:exceed|limited\s+to|excess\s+of)|to\s+a\s+maximum\s+of"
                 r"|ответственност\w+[^.]{0,80}(?:ограничен|превыша)\w+")),
    ("penalty", 3.0, (r"penalt(?:y|ies)|liquidated\s+damages|late\s+(?:fee|charge)s?"
r"|(?:termination|cancell?ation)\s+(?:fee|charge)s?|неусто\w+|пен[яюией]\w{0,2}\b|штраф\w*")),
    ("interest", 3.0, (r"\binterest\b(?!\s+(?:in|rate\s+cap))|finance\s+charges?"
r"|prime\s+rate|per\s+annum|процент\w*\s+годовых|процент\w*\s+за\s+пользование|годовых|ключев\w+\s+ставк\w+")),
    ("deposit", 3.0, (r"\bdeposits?\b|\bescrow\b|обеспечительн\w+\s+плат[её]ж\w*|задат\w+"
r"|гарантийн\w+\s+взнос\w*")),
    ("advance", 3.0, (r"(?<!days in )\badvance\b(?!\s+notice)|\bup-?front\b|\bprepa(?:id|yment)\b"
r"|down\s+payment|аванс\w*|предоплат\w*")),
    ("insurance", 3.0, (r"\binsur\w+|\bcoverages?\b|(?:aggregate|excess)\s+limits?"
r"|limits?\s+of\s+(?:not\s+less|at\s+least)|per\s+occurrence|combined\s+single\s+limit"
     r"|страхов\w+")),
    ("tax", 3.0, r"\btax(?:es)?\b|\bvat\b|\bgst\b|withholding|\bндс\b|налог\w*"),
    ("royalty", 3.0, r"\broyalt\w+|лицензионн\w+\s+(?:вознаграждени\w+|плат[её]ж\w*)|роялти"),
    ("commission", 3.0, (r"\bcommissions?\b(?!\s+file)|\bbrokerage\b|агентск\w+\s+вознагражден\w+"
r"|комиссионн\w+|комисси[яию]\b")),
    ("rent", 3.0, r"\brent(?:al)?s?\b|арендн\w+\s+плат\w+|плат\w+\s+за\s+(?:аренд|пользовани)\w+"),
    ("salary", 3.0, (r"\bsalar(?:y|ies)\b|\bwages?\b|base\s+compensation|\bbonus\b"
r"|заработн\w+\s+плат\w+|оклад\w*")),
    ("loan", 2.5, (r"\bloans?\b|principal\s+(?:amount|sum)|\bborrow\w*|сумм\w+\s+займа|\bза[ей]м\w*"
r"|кредит\w*")),
    ("discount", 3.0, r"\bdiscounts?\b|\brebates?\b|скидк\w+"),
    ("minimum", 2.0, r"\bminimum\b|not\s+less\s+than|at\s+least|минимальн\w+"),
    ("milestone", 2.5, r"\bmilestones?\b|этап\w*"),
    ("ownership", 3.0, (r"\bownership\b|\bown(?:s|ed|ing)?\b"
r"|outstanding\s+(?:shares|stock|voting)|voting\s+(?:securities|power|stock)|\bequity\b|\bshares\b|дол[яиюей]\w{0,2}\s+в\s+уставном")),
    ("revenue_share", 2.5, (r"\b(?:net|gross)\s+(?:revenues?|sales|profits?|proceeds|receipts)\b"
r"|revenue\s+shar\w+")),
    ("fee", 2.0, (r"\bfees?\b|\bcharges?\b|\bretainer\b|вознагражден\w+|абонентск\w+\s+плат\w+"
r"|плат[аыу]\b")),
    ("price", 2.0, (r"\bpric(?:e|es|ing)\b|\bconsideration\b|\bcosts?\b|\bpurchase\b"
r"|\bcompensation\b"
r"|\bsum\s+of\b|цен[аыуе]\w{0,2}\b|стоимост\w+|общ\w+\s+сумм\w+")),
    ("payment", 1.5, (r"\bpay(?:ment|ments|able|s)?\b|\bpaid\b|оплат\w+|плат[её]ж\w*|уплачива\w+"
r"|выплачива\w+")),
)  # fmt: skip

ROLES: Final = (*(role for role, _, _ in _CUES), "other")
"""Every value of the attribute ``role`` of an amount or a percentage."""

_FAR: Final = 160
# Only where a word begins: inside of one no cue can.
_ALL: Final = re.compile(
    r"(?<![^\W_])(?:" + "|".join(f"(?P<c{i}>{words})" for i, (*_, words) in enumerate(_CUES)) + ")"
)


def find_amounts(reading: Reading) -> Iterator[Candidate]:
    mentions = reading.money
    for mention in mentions:
        written = one_line(reading.text[mention.start : mention.end])
        role, rule = _role(reading, mention.start, mention.end, never="ownership")
        attributes = {"role": role}
        yield Candidate(
            "amount", f"amount.{rule}", written, mention.money, mention.start, mention.end,
            attributes=attributes,
        )  # fmt: skip


def find_percentages(reading: Reading) -> Iterator[Candidate]:
    for mention in reading.percents:
        written = one_line(reading.text[mention.start : mention.end])
        role, rule = _role(reading, mention.start, mention.end)
        if role in {"price", "payment", "minimum", "other"} and _SHARE.match(
            reading.lower, mention.end
        ):
            role, rule = "revenue_share", "role"
        attributes = {"role": role}
        if mention.per:
            attributes["per"] = mention.per
        yield Candidate(
            "percent", f"percent.{rule}", written, mention.value, mention.start, mention.end,
            attributes=attributes,
        )  # fmt: skip


# "50% of all Adjusted Net Revenue".
_SHARE: Final = re.compile(
    r"\)?\s+of\s+(?:(?:the|all|any|its|such|each|total|adjusted|aggregate|net|gross|[\w’']+)\s+){0,3}?"
    r"(?:revenues?|profits?|receipts|proceeds|net\s+sales|gross\s+sales)\b"
)
# What is owned is said after the share: "50% or more of the voting power".
_AFTER: Final = {"ownership": 0.9}


def _role(reading: Reading, start: int, end: int, *, never: str = "") -> tuple[str, str]:
    """The cue that is strong and near, inside the sentence; what follows counts half."""
    first, last = reading.sentence(start, reach=400)
    best, best_score = "other", 0.0
    window_start = max(first, start - _FAR)
    for match in _ALL.finditer(reading.lower, window_start, min(last, end + 70)):
        index = int(str(match.lastgroup)[1:])
        role, weight, _ = _CUES[index]
        if match.start() >= end:
            distance, factor = match.start() - end, _AFTER.get(role, 0.6)
        elif match.end() <= start:
            distance, factor = start - match.end(), 1.0
        else:
            distance, factor = 0, 1.0
        score = weight * factor * (1 - distance / (2 * _FAR))
        if score > best_score and role != never:
            best, best_score = role, score
    return (best, "role") if best_score > 0.9 else ("other", "other")
