"""The parties of an English contract: names after "between", with role, alias and form.

The preamble is cut at the quoted names it defines; what stands before each is one party.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Final, Literal

from lexmill_legal.extract.candidates import Candidate, one_line
from lexmill_legal.extract.parties_russian import find_russian_parties
from lexmill_legal.extract.reading import Reading
from lexmill_legal.extract.roles import role_of
from lexmill_legal.values.gazetteer import find_places
from lexmill_legal.values.scanning import occurrences, spaced, word_starts

_HEAD: Final = 12_000
_LONGEST: Final = 3000
_FEWEST: Final = 2
_MOST: Final = 12
_DESCRIPTION: Final = 400

_BETWEEN: Final = re.compile(
    r"\b(?:by\s*,?\s+and\s+(?:between|among(?:st)?)|between|among(?:st)?"
    r"|\bparties\s+(?:to\s+this\s+\w+\s+)?are(?!\s+sometimes)|(?:entered\s+into|made|executed|given)\s+by(?!\s*,?\s+and\s+(?:between|among)))\b"
    r"(?:\s+(?:and\s+)?among(?:st)?\b)?(?:\s+and\s+between\b)?"
    r"(?:\s*,?\s*(?:the\s+(?:following\s+parties|undersigned|parties)\b[^:;]{0,40}[:;]?))?[\s:,]*",
    re.IGNORECASE,
)
_BETWEEN_WORDS: Final = ("between", "among", "parties", "entered", "made", "executed", "given")
_MADE: Final = re.compile(
    r"\b(?:agreement|contract|lease|amendment|addendum|deed|memorandum|entered|made|executed"
    r"|dated|effective)\b"
)
_STOP: Final = spaced(
    r"\bwhereas\b|\brecitals?\b|\bwitnesseth\b|w\s?i\s?t\s?n\s?e\s?s\s?s\s?e\s?t\s?h"
    r"|\bnow,?\s+there"
    r"|\bin consideration\b|\b(?:parties|company|and)\s+(?:hereto\s+|hereby\s+"
    r"|each\s+)?(?:agree|covenant)"
    r"|\bbackground\b(?!\s+ip)|\bpreliminary statement|\bthe following (?:terms|is|are|sets)"
    r"|\bfor (?:good and|the purposes? of) |\bis (?:made|entered|dated|effective)\b"
    r"|\btable of contents\b"
    r"|(?<!in[\s])(?<!of[\s])(?<!to[\s])\bthis\s+(?:[a-z-]+\s+){0,4}agreement\b|\bintending to be\b"
    r"|\bwith (?:respect|reference|regard) to\b|\bon the following terms\b|\bwitness that\b"
    r"|\n\s*(?:1\.|i\.|article\b|section\b|a\.)\s|\b1\.\s+[a-z]|\bterms and conditions\b"
)
_QUOTED: Final = re.compile(
    r"[\"“”„]\s?(?P<alias>[^\"“”„()\n]{1,60}?(?:\n[^\"“”„()\n]{1,60}?)?)\s?,?[\"“”„]|[‘']{1,2}"
    r"(?P<single>[A-Z][\w .&-]{1,40})[’']{1,2}(?=\s?\))"
    r"|\((?:the\s)?[\"“](?P<open>[A-Z][\w&.’'-]*(?:\s[A-Z][\w&.’'-]*){0,2})(?=\))"
)
_BRACKETED: Final = re.compile(
    r"\((?:(?:the|hereinafter|referred\s+to\s+as|called|as)\s+){0,5}(?P<alias>[A-Z][\w&.’'-]*"
    r"(?:\s[A-Z][\w&.’'-]*){0,3})(?P<single>)\)"
    r"|\bherein(?:after)?\s+(?:called|referred\s+to\s+as)\s+(?:the\s+)?"
    r"(?P<bare>[A-Z][\w-]*(?:\s[A-Z][\w-]*)?)"
)
_NEXT_PARTY: Final = re.compile(r"[)\]]\s*(?:,|;|and|&)|\A\s*[,;]?\s*(?:and|AND|&)\s+[A-Z]")
_RULE_LINE: Final = re.compile(r"[-_=*]{2,}")
_LEAD: Final = spaced(
    r"\A(?:[\s,;:.)\]\"“”\-–—*]|\band\b|&|\((?:[a-z]|[ivx]{1,4}|\d)\)|\d\)|"
    r"(?<![\w.])\d\.\s|\bbetween\b|\bamong\b"
    r"|\bby\b|\bon the (?:one|other) (?:hand|part)\b|\bon the (?:first|second) part\b|\bboth\b"
    r"|\beach of\b|\bthe parties\b|\beither\b|\bin favou?r of\b|\bjointly\b|\bMessrs\.?)+",
    re.IGNORECASE,
)
_TOKEN: Final = re.compile(r"\S+")
_SUFFIX: Final = re.compile(
    r"(?:inc|incorporated|corp|corporation|co|company|llc|l\.l\.c|l\.c|ltd|limited|lp"
    r"|l\.p|llp|l\.l\.p"
    r"|plc|p\.l\.c|gmbh|aktiengesellschaft|ag|kg|s\.?a\.?|s\.?a\.?s|s\.?a\.?r\.?l|s\.?p\.?a|s\.?r\.?l|b\.?v|n\.?v|pty"
    r"|pte|k\.?k|oy|ab|a/s|as|asa|aps|p\.?c|n\.?a|trust|university|s\.?l|s\.?e|lda|ltda|bhd|sdn"
    r"|partnership|s\.a\.b|c\.v|de c\.v|pllc|ulc|jsc|ojsc|cjsc)\.?,?",
    re.IGNORECASE,
)
_NO_PERSON: Final = re.compile(
    r"\b(?:[Ww]e|[Uu]s|[Oo]ur|[Yy]our?|[Ii]f|[Tt]his|[Ee]ach|[Aa]ny|[Ss]uch|[Nn]o|[Ii]n|(?i:name|party|franchisee"
    r"|marks|introduction|agreement|exhibit|address|street|avenue|date))\b|^the\s"
)
# Words that make a name an institution's, whatever place stands in it.
_INSTITUTION: Final = re.compile(
    r"\b(?:bank|city|town|county|village|state|university|college|institute|hospital|foundation|fund|funds"
    r"|trust|trustees|authority|association|department|ministry|commission|council|society|club|federation"
    r"|league|school|church|board|partners|group|holdings|laborator(?:y|ies)|technologies|systems"
    r"|industries|enterprises|associates|international|entertainment|services|solutions|networks?"
    r"|communications|pharmaceuticals|energy|office|center|centre)\b",
    re.IGNORECASE,
)
_INNER_BRACKET: Final = re.compile(r"\([A-Z][\w.&-]{1,14}\),?;?")
_SIGNS: Final = frozenset({"&", "-", "–", "/", "+"})
_CONNECTORS: Final = frozenset(
    {"of", "and", "the", "de", "la", "du", "del", "di", "for", "&", "in", "van", "von", "der",
     "den", "y", "e", "et", "at", "on", "d/b/a", "dba", "a/k/a"}
)  # fmt: skip
_SMALL_FORMS: Final = frozenset(
    {
        "limited",
        "corporation",
        "company",
        "inc",
        "inc.",
        "ltd",
        "ltd.",
        "plc",
        "plc.",
        "llc",
        "gmbh",
    }
)
_COLLECTIVE: Final = re.compile(
    r"\bparties\b|\bparty\b(?!\s+(?:[a-d]\b|\d|of\s+the))|\bcollectively\b"
    r"|\btogether\b|\beach\s+(?:a|an|individually)\b|\bindividually\b",
    re.IGNORECASE,
)
# What is defined here is no party.
_THING: Final = re.compile(
    r"^(?:the\s+)?(?:.*\s)?(?:agreement|act|plan|polic(?:y|ies)|shares?|stock|notes?|securities|year|territory|products?"
    r"|services?|trademarks?|marks?|patents?|software|business|effective date|term|prc|sec|tenge"
    r"|fdic|nasdaq|nyse"
    r"|offering|prospectus|program|project|property|technology|website|site|indenture|commission)$"
    r"|^(?:the\s+)?u\.?s\.?a?\.?$",
    re.IGNORECASE,
)
_CAPITALISED: Final = re.compile(r"\b[A-Z][a-z]")
_NOT_A_NAME: Final = re.compile(
    r"^(?:the\s+)?(?:agreement|effective date|date|term|parties|party|territory|products?|services?"
    r"|license|program|contract|closing|act|sec|commission|exhibit|schedule|amendment|this"
    r"|section|article|whereas|each party|confidential information|"
    r"(?:.* )?agreement .*|definitions?(?: .*)?|effective as|recitals?|subsidiaries"
    r"|affiliates?|business|state of .*|undersigned"
    r"|property|project|day|january|february|march|april|june|july|august|september|october"
    r"|november|december|its|an?|he|she|hereinafter|each|collectively|both|any|all|if|in|such"
    r"|(?:[a-z-]+ ){0,4}agreement|you|we|us|your|our|company|customer|supplier|licensor|licensee"
    r"|client|distributor|seller|buyer|purchaser|contractor|consultant|agent|lessor|lessee"
    r"|landlord|tenant|borrower|lender|vendor|provider|franchisor|franchisee)$",
    re.IGNORECASE,
)
_FORM_WORDS: Final = spaced(
    r"\A[\s,]{0,3}(?:[A-Z][A-Za-z.]{2,14}(?: [A-Z][A-Za-z]{2,14})?,\s)?"
    r"(?:\([^()\"“”]{0,60}\)\s?,?\s?)?(?:and\s+)?(?:which is\s+)?"
    r"(?:(?:an?|organized as an?)\s+|(?=[A-Z][a-z]+(?:\s[A-Z][a-z]+)?\s(?:corporation|limited)))"
    r"(?P<text>[^(;\"“”]{0,120}?"
    r"(?P<form>limited liability company|limited liability partnership|limited partnership"
    r"|general partnership|non-?profit corporation|public limited company|corporation|company"
    r"|partnership|statutory trust|business trust|trust|individual|university|municipality"
    r"|savings bank|banking association|banking corporation|body corporate|soci[eé]t[eé] anonyme"
    r"|natural person|resident|citizen|bank|association|division|institution|cooperative))\b",
    re.IGNORECASE,
)
_FORMER: Final = spaced(
    r"\((?:f/?k/?a|formerly|d/?b/?a|doing business)[^()]{0,80}\)", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Party:
    start: int
    end: int
    suffixed: bool
    aliases: tuple[str, ...] = ()
    form: str | None = None
    seat: str | None = None


def find_parties(reading: Reading) -> Iterator[Candidate]:
    if reading.russian:
        yield from find_russian_parties(reading)
    if reading.english:
        yield from _english(reading)


def _english(reading: Reading) -> Iterator[Candidate]:
    text = reading.text
    seen: set[str] = set()
    parties = _preamble(reading)
    aliases = {alias.lower().removeprefix("the ") for party in parties for alias in party.aliases}
    for party in parties:
        written = one_line(_RULE_LINE.sub(" ", text[party.start : party.end]))
        key = "".join(re.findall(r"\w+", written.lower()))
        if not key or key in seen or _speaks_of_others(written, aliases):
            continue
        seen.add(key)
        rule = "party." + ("aliased" if party.aliases else "listed")
        rule += "" if party.suffixed or party.form else "_plain"
        yield Candidate(
            "party", rule, written, None, party.start, party.end,
            attributes=_attributes(party, written) | _numbers(reading, party, parties),
        )  # fmt: skip


def _numbers(reading: Reading, party: Party, parties: list[Party]) -> dict[str, str]:
    """The register's and tax numbers between a party's name and the next one."""
    later = [other.start for other in parties if other.start > party.start]
    end = min([party.end + _DESCRIPTION, *later])
    return {
        number.kind: one_line(reading.text[number.start : number.end])
        for number in reversed(reading.numbers)
        if party.end <= number.start < end and number.valid is not False
    }


def _speaks_of_others(written: str, aliases: set[str]) -> bool:
    """As in "Alpha and the Company": what was defined before, no new name."""
    first, *others = written.split(" and ")
    pieces = others if first.startswith("the ") else [first, *others]
    return bool(others) and any(
        piece.lower() in aliases
        or (piece.startswith("the ") and not piece.lower().startswith("the bank"))
        for piece in pieces
    )


def _attributes(party: Party, written: str) -> dict[str, str]:
    attributes: dict[str, str] = {}
    roles = [role for alias in party.aliases if (role := role_of(alias)) is not None]
    if roles:
        attributes["role"] = roles[0]
    if party.aliases:
        attributes["alias"] = "; ".join(party.aliases)
    last = written.rsplit(" ", 1)[-1]
    if _SUFFIX.fullmatch(last):
        attributes["legal_form"] = last
    elif party.form:
        attributes["legal_form"] = party.form
    if party.seat:
        attributes["jurisdiction"] = party.seat
    return attributes


def _preamble(reading: Reading) -> list[Party]:
    best: list[Party] = []
    best_score = 0.0
    end = 0
    head = reading.lower[:_HEAD]
    begins = {*word_starts(reading.lower, _BETWEEN_WORDS), *occurrences(head, ("by",))}
    for position in sorted(begin for begin in begins if begin < _HEAD):
        match = _BETWEEN.match(reading.text, position, _HEAD) if position >= end else None
        if match is None:
            continue
        end = match.end()
        before = reading.lower[max(0, match.start() - 240) : match.start()]
        if not _MADE.search(before):
            continue
        parties = _in_window(reading, match.end())
        if not parties or (len(parties) == 1 and not parties[0].aliases):
            continue
        score = (
            sum(
                0.3 + (1.0 if party.aliases else 0.0) + (0.7 if party.suffixed else 0.0)
                for party in parties[:4]
            )
            - match.start() / 4000
        )
        if "and between" in match.group().lower() or "and among" in match.group().lower():
            score += 0.5
        if score > best_score:
            best, best_score = parties, score
    for others in (
        _labelled, _numbered, _opening, _referred, _defined_at_start, _letter, _form, _behalf,
        _signed, _in_clauses,
    ):  # fmt: skip
        if len(best) >= _FEWEST:
            break
        best = _joined(reading.text, best, others(reading))
    return best


def _joined(text: str, parties: list[Party], others: list[Party]) -> list[Party]:
    """Without the names that are there already, whole or in part."""
    kept = list(parties)
    keys = [_letters(text[party.start : party.end]) for party in kept]
    for party in others:
        key = _letters(text[party.start : party.end])
        if not any(key in known or known in key for known in keys):
            kept.append(party)
            keys.append(key)
    return kept


def _letters(name: str) -> str:
    return "".join(re.findall(r"[^\W_]+", name.lower()))


def _opening(reading: Reading) -> list[Party]:
    """Without "between": the first paragraph that defines two names, as letters do."""
    text = reading.text
    for alias in _DEFINED.finditer(text, 0, 5000):
        start = max(text.rfind("\n\n", 0, alias.start()), text.rfind(".   ", 0, alias.start())) + 1
        if alias.start() - start > 700:
            continue
        stop = _STOP.search(reading.lower, start + 5, start + 1600)
        end = stop.start() if stop else start + 1600
        aliases = list(_QUOTED.finditer(text, start, end))
        found = _by_alias(reading, start, end, aliases)
        named = [party for party in found if party.suffixed and party.aliases]
        if len(named) >= 1 and len(found) >= _FEWEST:
            return found
    return []


_HEADED: Final = re.compile(
    r"(?:^|\n|  )\s*parties\b\s*[:.]?\s*(?=\(?[1aA]\)?[.)]?\s)", re.IGNORECASE
)
_ITEM: Final = re.compile(r"(?:^|\s)\(?(?:[1-9]|[a-dA-D]|i{1,3})[.)]\)?\s+(?=[A-Z])")


def _numbered(reading: Reading) -> list[Party]:
    """As in "PARTIES (1) Alpha Limited of … (2) Ann Lee of …"."""
    head = _HEADED.search(reading.text, 0, _HEAD)
    if head is None:
        return []
    end = min(len(reading.text), head.end() + 1800)
    stop = _STOP.search(reading.lower, head.end() + 40, end)
    end = stop.start() if stop else end
    parties: list[Party] = []
    for item in _ITEM.finditer(reading.text, max(0, head.end() - 1), end):
        party = _name(reading, item.end(), end)
        if party is not None:
            alias = _QUOTED.search(reading.text, party.end, min(end, party.end + 500))
            name = one_line(alias["alias"] or alias["single"]) if alias else None
            parties.append(
                Party(party.start, party.end, party.suffixed, (name,) if name else (),
                      party.form, party.seat)
            )  # fmt: skip
        if len(parties) == 6:
            break
    return parties if len(parties) >= _FEWEST else []


def _in_window(reading: Reading, start: int) -> list[Party]:
    stop = _STOP.search(reading.lower, start + 5, start + _LONGEST)
    end = stop.start() if stop else min(len(reading.text), start + 1400)
    aliases = [
        match
        for match in _QUOTED.finditer(reading.text, start, min(len(reading.text), end + 80))
        if match.start() < end
    ]
    if not aliases:
        aliases = [
            match
            for match in _BRACKETED.finditer(reading.text, start, end)
            if _role_like(match["alias"] or match["bare"])
        ]
    if not aliases:
        return _listed(reading, start, end)
    return _by_alias(reading, start, end, aliases)


def _by_alias(reading: Reading, start: int, end: int, aliases: list[re.Match[str]]) -> list[Party]:
    text = reading.text
    parties: list[Party] = []
    at = start
    for alias in aliases:
        name = one_line(next(filter(None, alias.groups()), "")).strip(" ,.")
        chunk = text[at : alias.start()]
        if _THING.search(name):
            at = alias.end()
            continue
        collective = _COLLECTIVE.search(name) or _COLLECTIVE.search(chunk[-60:])
        if parties and len(chunk) < 40 and not _NEXT_PARTY.search(chunk):
            # ("Alpha" or the "Company"): one more name of the same party.
            # ("Products") in Sweden and Norway ("Territory"): the name of something else.
            if not collective and name and not _CAPITALISED.search(chunk):
                last = parties[-1]
                parties[-1] = Party(
                    last.start, last.end, last.suffixed, (*last.aliases, name), last.form, last.seat
                )
            at = alias.end()
            continue
        found = _split(reading, at, alias.start(), most=_MOST if collective else 2)
        if found and not collective:
            parties.extend(found[:-1])
            last = found[-1]
            parties.append(
                Party(last.start, last.end, last.suffixed, (name,), last.form, last.seat)
            )
        elif found and collective:
            parties.extend(party for party in found if party.suffixed or party.form)
        at = alias.end()
    if len(parties) < 2 and at < end:
        parties.extend(party for party in _split(reading, at, end) if party.suffixed)
    return parties


def _role_like(name: str) -> bool:
    return role_of(name) is not None or re.match(r"Party\s", name) is not None


_JOINT: Final = re.compile(
    r"(?:[,;.)]\s*)?\b(?:and|AND|&)\s+(?:\([\w]{1,3}\)\s*|\d[.)]\s+)?(?=[A-Za-z0-9])"
    r"|;\s+(?:\([\w]{1,3}\)\s*)?"
    r"|,\s*\([\w]{1,3}\)\s*"
)
_JOINT_OR_COMMA: Final = re.compile(_JOINT.pattern + r"|,\s+(?=[A-Z])")
_CAPITALS_LAST: Final = re.compile(
    r"(?<![\w.])(?P<name>[A-Z][A-Za-z.’'-]+(?:\s[A-Z][A-Za-z.’'-]*){1,4}),?\s{1,3}"
    r"\((?:(?:the|hereinafter|herein|referred|to|as|called)\s+){0,5}\Z"
)
_DESCRIBES: Final = re.compile(
    r"[\s)\]\"”,.;]*(?:an?|the(?!\s+[A-Z])|with|having|whose|who|which|located|of|at|incorporated"
    r"|organi[sz]ed|as|in|its|for|on)\b"
)


def _split(reading: Reading, start: int, end: int, *, most: int = 2) -> list[Party]:
    """The names in a chunk that ends where a defined name begins; most chunks have one."""
    text = reading.text
    begins = [start]
    joints = _JOINT if most == 2 else _JOINT_OR_COMMA
    begins.extend(joint.end() for joint in joints.finditer(text, start, end))
    if _DESCRIBES.match(text, start):  # more about the party before
        begins = begins[1:]
    parties: list[Party] = []
    plain: list[Party] = []
    loose: list[Party] = []
    for place, begin in enumerate(begins[:40]):
        party = None if parties and begin < parties[-1].end else _name(reading, begin, end)
        if party is None:
            continue
        adjacent = _adjacent(text, party, end)
        if party.suffixed or party.form:
            if not parties or adjacent or party.form:
                parties.append(party)
        elif _may_be_person(text, party):
            if adjacent and not parties:
                plain.append(party)
            elif place < _FEWEST and len(text[party.start : party.end].split()) > 1:
                loose.append(party)
    if parties:
        return parties[:most]
    return plain[-1:] or loose[:1] or _just_before(reading, start, end)


def _just_before(reading: Reading, start: int, end: int) -> list[Party]:
    """As in "professional golfer, Ann Lee (the "Consultant")": capitals right before the alias."""
    words = _CAPITALS_LAST.search(reading.text, max(start, end - 90), end)
    party = None if words is None else _name(reading, words.start("name"), words.end("name"))
    return [party] if party is not None and _may_be_person(reading.text, party) else []


def _may_be_person(text: str, party: Party) -> bool:
    """Neither the tail of an address nor a single common word."""
    name = text[party.start : party.end]
    if any(letter.isdigit() for letter in name) or _NO_PERSON.search(name):
        return False
    if find_places(name, 0, len(name)) and not _INSTITUTION.search(name):
        return False
    return len(name.split()) <= 8 and (len(name.split()) > 1 or len(name) > 4)


def _adjacent(text: str, party: Party, end: int) -> bool:
    """Does the defined name follow at once: "Ann Lee (the "Consultant")"?"""
    between = text[party.end : end].strip(" \t\n\r,(")
    return len(between) <= 4 or re.fullmatch(
        r"(?:(?:the|hereinafter|herein|also|referred|to|as|called|individually|an?|individual|its"
        r"|collectively|natural|person|residing.{0,90}|[,()])\s*){1,8}",
        between, re.DOTALL,
    ) is not None  # fmt: skip


def _listed(reading: Reading, start: int, end: int) -> list[Party]:
    """Names without defined aliases: "between Alpha Inc. and Beta LLC"."""
    parties: list[Party] = []
    at = start
    end = min(end, start + 600)
    while at < end and len(parties) < 8:
        party = _name(reading, at, end)
        if party is None:
            break
        parties.append(party)
        joint = re.compile(
            r"(?:\s+and\s+|\s*&\s*\n|;\s*|,\s+(?:and\s+)?(?=[A-Z])|\s+AND\s+)"
        ).search(reading.text, party.end, end)
        if joint is None or joint.start() - party.end > 260:
            break
        at = joint.end()
    named = [party for party in parties if party.suffixed or party.form]
    if named and len(parties) == _FEWEST:  # one of two is a company, the other may be a person
        named = [
            party
            for party in parties
            if party.suffixed or party.form or _may_be_person(reading.text, party)
        ]
    return named


def _name(reading: Reading, start: int, end: int) -> Party | None:
    """The name that a chunk begins with: capitalised words up to a comma, a form, a verb."""
    text = reading.text
    lead = _LEAD.match(text[start:end])
    begin = start + (lead.end() if lead else 0)
    last = begin
    suffixed = False
    words = 0
    for token in _TOKEN.finditer(text, begin, end):
        written = token.group()
        following = _TOKEN.match(text, _skip(text, token.end(), end), end)
        next_word = following.group() if following else ""
        part = _part(written, next_word, first=not words, suffixed=suffixed)
        if part == "stop":
            break
        if part == "joint":
            continue
        words += 1
        last = token.start() + len(written.rstrip(",;:")) if written[-1] in ",;:" else token.end()
        bare = written.strip(",;:()")
        if words > 1 or len(bare) > 4:
            suffixed = suffixed or _SUFFIX.fullmatch(bare) is not None
        if _ends_name(written, next_word) or words > 14:
            break
    return _party(reading, begin, last, end, suffixed=suffixed)


def _part(
    written: str, next_word: str, *, first: bool, suffixed: bool
) -> Literal["word", "joint", "stop"]:
    """What a token is to the name before it."""
    if written.startswith("("):
        inner = _INNER_BRACKET.fullmatch(written) is not None
        return "word" if inner and not suffixed else "stop"
    if _RULE_LINE.fullmatch(written) or written in _SIGNS:
        return "joint"
    if not first and not suffixed and written.rstrip(",;:") in _SMALL_FORMS:
        return "word"
    if written[0].islower() and not _is_brand(written):
        return "joint" if _goes_on(written, next_word, first=first, suffixed=suffixed) else "stop"
    if not (written[0].isupper() or written[0].isdigit() or _is_brand(written)):
        return "stop"
    return "stop" if suffixed and not _SUFFIX.fullmatch(written) else "word"


def _ends_name(written: str, next_word: str) -> bool:
    if written[-1] == ",":
        return _SUFFIX.fullmatch(next_word.strip(",;()")) is None
    return written[-1] in ";:"


def _is_brand(written: str) -> bool:
    """eDiets, theglobe.com, e-centives."""
    return (
        ".com" in written
        or ".net" in written
        or (written[:2] in {"e-", "i-"} and len(written) > 4)
        or (written[:1].islower() and any(letter.isupper() for letter in written[1:4]))
    )


def _skip(text: str, at: int, end: int) -> int:
    while at < end and text[at].isspace():
        at += 1
    return at


def _goes_on(written: str, next_word: str, *, first: bool, suffixed: bool) -> bool:
    """May a word in small letters stand here: inside a name, or "the" before one?"""
    return (written == "the" or not first) and _may_connect(written, next_word, suffixed=suffixed)


def _may_connect(written: str, next_word: str, *, suffixed: bool) -> bool:
    if written.rstrip(",.") in _SMALL_FORMS:
        return True
    following = bool(next_word) and (next_word[0].isupper() or next_word in {"the", "and"})
    return not suffixed and written in _CONNECTORS and following


def _party(reading: Reading, begin: int, last: int, end: int, *, suffixed: bool) -> Party | None:
    text = reading.text
    name = text[begin:last].strip()
    if name.endswith(".") and not _SUFFIX.fullmatch(name.rsplit(" ", 1)[-1]):
        name = name.rstrip(".")
        last = begin + len(name)
    if not 2 < len(name) <= 120 or _NOT_A_NAME.match(one_line(name)):
        return None
    words = [word for word in name.split() if not _SUFFIX.fullmatch(word.strip(",;()"))]
    if not any(letter.isalpha() for word in words for letter in word) or _is_description(name):
        return None
    rest = _FORMER.sub("", text[last : min(end, last + 200)])
    form = _FORM_WORDS.match(rest)
    seat = None
    if form is not None:
        places = find_places(form["text"], 0, len(form["text"]))
        seat = places[0].code if places else None
    return Party(
        begin, begin + len(name), suffixed, (), form["form"].lower() if form else None, seat
    )


_ONLY_FORM: Final = re.compile(
    r"(?:[A-Z][\w.]*\s){0,3}(?:corporation|company|limited|partnership|trust)", re.IGNORECASE
)


def _is_description(name: str) -> bool:
    """As in "Delaware Corporation" and "Investment Company" are no names."""
    if not _ONLY_FORM.fullmatch(name):
        return False
    head = name.rpartition(" ")[0]
    places = find_places(head, 0, len(head))
    covered = sum(place.end - place.start for place in places)
    return (covered > 0 and covered + 4 >= len(head)) or head.lower() in {
        "investment", "limited liability", "public", "private", "private limited", "operating",
        "management", "parent", "holding", "joint venture", "the operating", "the",
    }  # fmt: skip


_LABEL: Final = re.compile(
    r"\b(?P<label>Party\s+[AB1-4]|First\s+Party|Second\s+Party|PARTY\s+[AB1-4])\s?[:：]\s{0,9}"
)


def _labelled(reading: Reading) -> list[Party]:
    """As in "Party A: Alpha Inc."."""
    parties: list[Party] = []
    labels: set[str] = set()
    for match in _LABEL.finditer(reading.text, 0, _HEAD):
        line_end = reading.text.find("\n", match.end(), match.end() + 200)
        end = line_end if line_end > 0 else match.end() + 200
        party = _name(reading, match.end(), min(end, len(reading.text)))
        label = one_line(match["label"])
        if party is not None and label.lower() not in labels:
            labels.add(label.lower())
            parties.append(
                Party(party.start, party.end, party.suffixed, (label,), party.form, party.seat)
            )
    return parties if len(parties) >= 2 else []


_DEFINED: Final = re.compile(
    r"\(\s?(?:(?:the|each|hereinafter|herein|together|collectively|referred|to|as"
    r"|called|,|an?)\s+){0,6}"
    r"[\"“](?P<alias>[^\"“”]{1,50})[\"”]"
)


def _defined_at_start(reading: Reading) -> list[Party]:
    """Without "between": company names of the first page that a quoted name follows."""
    parties: list[Party] = []
    for alias in _DEFINED.finditer(reading.text, 0, 3000):
        head = reading.text[max(0, alias.start() - 240) : alias.start()]
        offset = alias.start() - len(head)
        for form in re.finditer(
            r"(?:(?:[A-Z][\w.&'’-]*|of|and|&|\([A-Z]{2,4}\)),?\s+){1,8}?"
            r"(?:Inc\.?|LLC|L\.L\.C\.|Ltd\.?|Limited|Corp\.?|Corporation|Company|GmbH|L\.P\."
            r"|LLP|PLC|S\.A\.)",
            head,
        ):
            party = _name(reading, offset + form.start(), alias.start())
            other = _COLLECTIVE.search(alias["alias"]) or _THING.search(alias["alias"].strip(" ,."))
            if party is not None and party.suffixed and not other:
                parties.append(
                    Party(party.start, party.end, True, (alias["alias"],), party.form, party.seat)
                )
            break
    return parties


_REFERRED: Final = re.compile(
    r"[,(]\s{0,3}herein(?:after)?\s+(?:also\s+)?(?:referred\s+to\s+as|called|known\s+as|the)\b",
    re.IGNORECASE,
)


def _referred(reading: Reading) -> list[Party]:
    """As in "JSC Alpha, hereinafter referred to as the "Company", in the person of …"."""
    parties: list[Party] = []
    text = reading.text
    for word in _REFERRED.finditer(text, 0, _OPENING):
        begin = max(
            (
                at.end()
                for at in _PARAGRAPH.finditer(text, max(0, word.start() - 300), word.start())
            ),
            default=max(0, word.start() - 300),
        )
        found = _split(reading, begin, word.start())[-1:]
        alias = _QUOTED.search(text, word.end(), word.end() + 60)
        name = one_line(alias["alias"] or alias["single"] or alias["open"]) if alias else ""
        if found and not _THING.search(name) and not _COLLECTIVE.search(name):
            last = found[0]
            parties.append(
                Party(last.start, last.end, last.suffixed, (name,) if name else (), last.form,
                      last.seat)
            )  # fmt: skip
    return parties


_OPENING: Final = 5000
_PARAGRAPH: Final = re.compile(
    r"\n[ \t]{0,9}\n|\s{4}(?=\S)|:\s|[\"”)],?\s{1,9}and\s|(?:side|part|hand),?\s{1,9}and\s"
)
_SALUTATION: Final = re.compile(
    r"\b(?:ladies\s+and\s+gentlemen|gentlemen|dear\s+(?:sirs?|mr|ms|mrs|dr|madam|[A-Z][a-z]+))\b"
    r"[^\n:,]{0,40}[:,]?",
    re.IGNORECASE,
)
_COMPANY_LINE: Final = re.compile(
    r"(?P<name>[A-Z][\w.&'’-]*(?:[, ]{1,2}(?:[A-Z][\w.&'’-]*|&|and|of))*?[, ]{1,2}"
    r"(?:Inc|LLC|L\.L\.C|Ltd|Limited|Corp|Corporation|Company|GmbH|L\.P|LLP|PLC|N\.A|S\.A)\b\.?)"
)


def _letter(reading: Reading) -> list[Party]:
    """A letter: the company it is addressed to, and the one that its first sentence speaks of."""
    text = reading.text
    greeting = _SALUTATION.search(text, 0, _OPENING)
    if greeting is None:
        return []
    above = list(_COMPANY_LINE.finditer(text, max(0, greeting.start() - 500), greeting.start()))
    found = [
        *above[-2:],
        *islice(_COMPANY_LINE.finditer(text, greeting.end(), greeting.end() + 600), 1),
    ]
    return [
        Party(line.start("name"), line.end("name"), suffixed=True)
        for line in found
        if _is_company(line["name"])
    ]


def _is_company(name: str) -> bool:
    own = [word for word in name.split() if not _SUFFIX.fullmatch(word.strip(",;()"))]
    named = any(len(word) > 2 and word[0].isupper() for word in own)
    return named and not _NOT_A_NAME.match(name) and not _is_description(name)


_FIELD: Final = re.compile(
    r"(?<!\S)(?P<label>(?:Company|Client|Customer|Vendor|Supplier|Licensor|Licensee|Reseller"
    r"|Distributor|Sender|Shipper|Contractor|Consultant|Buyer|Seller|Lessor|Lessee|Franchisee|Franchisor"
    r"|Publisher|Provider|Agent|Owner|Partner|Manufacturer|Purchaser|Tenant|Landlord|Name\s+of\s+\w+))"
    r"(?:(?:[’']s)?\s+(?:full\s+)?(?:legal\s+)?name)?(?:\s?\([^()\n]{1,30}\))?"
    r"(?:\s?[:：]\s{0,20}|(?<=[A-Z]{5})[ ]{1,3})",
    re.IGNORECASE,
)


def _form(reading: Reading) -> list[Party]:
    """As a form has it: "Company Name: Alpha Inc.", "SHIPPER Beta Limited"."""
    parties: list[Party] = []
    labels: set[str] = set()
    for field in _FIELD.finditer(reading.text, 0, _OPENING):
        before = reading.text[max(0, field.start() - 3) : field.start()]
        if before != "   " and "\n" not in before and field.start() > 0:
            continue
        line = reading.text.find("\n", field.end() + 3, field.end() + 120)
        end = line if line > 0 else min(len(reading.text), field.end() + 120)
        party = _name(reading, field.end(), end)
        label = one_line(field["label"])
        if party is not None and party.suffixed and label.lower() not in labels:
            labels.add(label.lower())
            parties.append(
                Party(party.start, party.end, True, (label.title(),), party.form, party.seat)
            )
    return parties


_ON_BEHALF: Final = re.compile(r"\b(?:for\s+and\s+)?on\s+behalf\s+of\s*:?\s+", re.IGNORECASE)


def _behalf(reading: Reading) -> list[Party]:
    """The signatures of those for and on behalf of whom somebody signs."""
    parties: list[Party] = []
    text = reading.text
    for word in _ON_BEHALF.finditer(text, len(text) // 2):
        line = text.find("\n", word.end(), word.end() + 120)
        if line < 0 or text[word.start() - 1 : word.start()].strip():
            continue
        name = one_line(text[word.end() : line].strip(" \t,.:;-_"))
        if 2 < len(name) <= 90 and name[0].isupper() and not _NOT_A_NAME.match(name):
            suffixed = _SUFFIX.fullmatch(name.rsplit(" ", 1)[-1]) is not None
            start = word.end()
            end = start + len(text[start:line].rstrip(" \t,;:-_"))
            if suffixed or (name.count(" ") <= 6 and not name.endswith(".")):
                parties.append(Party(start, end, suffixed))
    return parties[:_MOST_SIGNERS] if len(parties) > 1 else []


_MOST_SIGNERS: Final = 60


def _in_clauses(reading: Reading) -> list[Party]:
    """In the sentences that the clause model takes for the parties': companies by their form."""
    parties: list[Party] = []
    for sentence in reading.clause_sentences("parties"):
        if sentence.score >= _WORTH_READING:
            parties.extend(
                Party(line.start("name"), line.end("name"), suffixed=True)
                for line in islice(
                    _COMPANY_LINE.finditer(reading.text, sentence.start, sentence.end), 4
                )
                if _is_company(line["name"])
            )
    return parties


_WORTH_READING: Final = 0.4
_SIGNED: Final = re.compile(
    r"^[ \t]*(?P<name>[^\n]{3,100}?)[ \t]*:?[ \t]*\n\s{0,40}(?:By|BY|/s/|Per)\s?:?", re.MULTILINE
)
_SIGNATURE: Final = re.compile(r"\b(?:By|BY)\s?:|/s/")
_FORM: Final = (
    r"(?:Inc\.?|INC\.?|LLC|L\.L\.C\.?|Ltd\.?|LTD\.?|Limited|LIMITED|Corp\.?|CORP\.?|Corporation|CORPORATION|Company|COMPANY"
    r"|GmbH|GMBH|L\.P\.|LP|LLP|L\.L\.P\.|PLC|plc|S\.A\.|SA|N\.A\.|Trust|TRUST|AG|B\.V\.|N\.V\."
    r"|S\.[AÀ] ?R\.L\.)"
)
_BEFORE_SIGNATURE: Final = re.compile(
    r"(?P<name>(?:(?:[A-Z0-9][\w.&'’/À-ÿ-]*|and|of|&|the|\([A-Z]\w{1,3}\.?\)),?\s{1,3}){1,9}?"
    + _FORM
    + r")[,.]?"
    r"(?:\s\([^()]{1,40}\))?\s{0,30}\Z"
)
_TITLE_BEFORE: Final = re.compile(
    r".*\b(?:Officer|President|Secretary|Treasurer|Director|Manager|Partner|Signatory|Member|Chairman"
    r"|Adviser|Advisor|Name|Title|Date|WHEREOF|written|above|Agreement|AGREEMENT|Trustee|Esq\.|\d{4})[,:.]?\s+",
    re.DOTALL,
)  # fmt: skip


def _signed(reading: Reading) -> list[Party]:
    """The companies above the signatures, on a line of their own or directly before "By:"."""
    parties: list[Party] = []
    text = reading.text
    offset = max(0, len(text) - 12_000)
    for match in _SIGNED.finditer(text, offset):
        party = _name(reading, match.start("name"), match.end("name"))
        if party is not None and party.suffixed and match.end("name") - party.end <= 2:
            parties.append(party)
    for match in _SIGNATURE.finditer(text, offset):
        begin = max(offset, match.start() - 120)
        title = _TITLE_BEFORE.match(text, begin, match.start())
        name = _BEFORE_SIGNATURE.search(text, title.end() if title else begin, match.start())
        if name is not None:
            party = _name(reading, name.start("name"), name.end("name"))
            if party is not None and party.suffixed:
                parties.append(party)
    return _joined(text, [], parties)[:_MOST_SIGNERS]
