"""What a lawyer looks for: turns of phrase that few examples cannot teach a model.

Each is one more feature of a sentence; how much it counts is learned. Most are never tried: what a
turn of phrase cannot do without is looked for in single words first, and once for each word.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from lexmill_legal.clauses.units import Unit

Hints = NDArray[np.uint64]


@dataclass(frozen=True, slots=True)
class Signal:
    """``needs``: of each some part stands in a word of a sentence that has the ``pattern``.

    As in "fee" for any word with it, "^fee" for one that begins so, "^fee$" for the word itself.
    """

    name: str
    needs: tuple[tuple[str, ...], ...]
    pattern: re.Pattern[str]


def _signal(name: str, first: str, pattern: str, *more: str) -> Signal:
    needs = tuple(tuple(need.split("|")) for need in (first, *more))
    return Signal(f"r_{name}", needs, re.compile(pattern, re.DOTALL))


_NOT: Final = r"(?:\bnot\b|\bno\b|\bnor\b|neither|never|refrain|prohibited|without)"
_PRICE: Final = r"(?:pric\w+|\bfees?\b|\brates?\b|\bcharges?\b)"
_PEOPLE: Final = r"(?:employ\w+|personnel|staff|consultants?|contractors?|officers?)"
_CUSTOMERS: Final = r"(?:customers?|clients?|accounts?|subscribers?|patrons?|advertisers?)"
_NOT_WORD: Final = r"not$|^no$|^nor$|neither|never|refrain|prohibited|without"
_PRICE_WORD: Final = r"pric|^fee$|^fees$|^rate$|^rates$|^charge$|^charges$"
_LURE: Final = r"(?:solicit\w*|recruit\w*|entic\w+|induc\w+|divert\w*|interfer\w+|lure)"

SIGNALS: Final = (
    _signal(
        "mfn",
        "favor|favour|lowest|best",
        r"most[- ]favou?red|(?:no|not) (?:be )?less favou?r\w+"
        r"|(?:more|as|equally) favou?rable|lowest (?:pric|rate|fee)|best pric",
    ),
    _signal(
        "mfn_pricing",
        "favor|favour|lowest",
        r"(?:favou?r|lowest).{0,120}"
        rf"{_PRICE}|{_PRICE}.{{0,120}}(?:favou?r|lowest)",
    ),
    _signal(
        "price_no_raise",
        "increas|rais|adjust|reduc|chang|lower",
        rf"{_NOT}.{{0,60}}"
        rf"(?:increas|rais|adjust|reduc|chang|lower)\w*.{{0,40}}{_PRICE}",
        _NOT_WORD,
        _PRICE_WORD,
    ),
    _signal(
        "price_capped",
        "increas|rais|adjust",
        rf"{_PRICE}.{{0,120}}(?:increas|rais|adjust)\w*"
        r".{0,80}(?:not|no more|exceed|greater|maximum|once|percent|%)",
        _PRICE_WORD,
    ),
    _signal(
        "unlimited",
        r"unlimited$|enterprise|^limit",
        r"unlimited (?:number|use|usage|access|right|licen|"
        r"cop|user|quantit|download)|enterprise[- ]?(?:wide)? licen"
        r"|without limit\w* (?:as to|in) "
        r"(?:number|quantity)",
        r"number|^us|access|right|licen|^cop|quantit|download",
    ),
    _signal(
        "beneficiary_named",
        "beneficiar",
        r"(?:is|are|be|as|deemed|intended|express)(?: an?)?"
        r"(?: \w+){0,2} third[- ]part(?:y|ies)(?:'s)? beneficiar",
    ),
    _signal(
        "beneficiary_none",
        "beneficiar",
        r"\b(?:no|not|nor|nothing|none)\b.{0,160}third[- ]"
        r"part(?:y|ies)(?: \w+)? beneficiar",
    ),
    _signal(
        "solicit_people",
        "solicit|recruit|entic|induc|hire|divert|interfer",
        rf"{_NOT}.{{0,200}}(?:{_LURE}|\bhire)"
        rf".{{0,120}}{_PEOPLE}",
        _NOT_WORD,
        r"employ|personnel|staff|consultant|contractor|officer",
    ),
    _signal(
        "solicit_customers",
        "solicit|recruit|entic|divert|induc|interfer",
        rf"{_NOT}.{{0,200}}{_LURE}"
        rf".{{0,100}}{_CUSTOMERS}",
        _NOT_WORD,
        r"customer|client|account|subscriber|patron|advertiser",
    ),
    _signal(
        "disparage",
        "disparag|derogat|tarnish|disrepute|denigrat",
        r"disparag|derogat|tarnish"
        r"|disrepute|denigrat",
    ),
    _signal(
        "disparage_not",
        "disparag|derogat|tarnish|disrepute|denigrat",
        rf"{_NOT}.{{0,120}}"
        r"(?:disparag|derogat|tarnish|disrepute|denigrat)",
    ),
    _signal(
        "liquidated",
        "liquidated|penalty|penalties",
        r"liquidated damages|(?:not|and not)"
        r"(?: as)? an? penalty|as (?:an? )?penalty",
    ),
    _signal(
        "exit_fee",
        r"^fee|^charge|^payment",
        r"(?:termination|cancell?ation|break"
        r"(?:[- ]?up)?) (?:fee|charge|payment)",
        r"termination|cancel|break",
    ),
    _signal(
        "late_delivery",
        "late|delay",
        r"(?:late|delay)\w*.{0,100}(?:per (?:day|week)|each (?:day|week)|"
        r"credit|%|percent)",
        r"^day|^week|credit|%|percent",
    ),
    _signal(
        "control",
        "control",
        r"change (?:of|in) (?:the )?(?:\w+ )?control",
        r"change",
    ),
    _signal(
        "merger",
        r"merg|consolidat|substantially$|acqui|sale$",
        r"(?:merg|consolidat|acqui|sale of)\w*"
        r".{0,150}(?:assign|terminat|consent|notice|transfer)|substantially all",
        r"assign|terminat|consent|notice|transfer|substantially",
    ),
    _signal(
        "control_by_law",
        r"^operation$",
        r"by operation of law",
        r"^law",
    ),
    _signal(
        "jointly",
        r"joint|^own|undivided",
        r"joint(?:ly)?[- ](?:own|title|property|inven|intellect|develop|hold)"
        r"|co-own|joint ownership|undivided",
        r"joint|co$|undivided",
    ),
    _signal(
        "assigns_ip",
        r"^assign$|^assigns$|^hire|^vest",
        r"(?:hereby|shall|agrees? to|will)"
        r"(?: \w+){0,3} assigns?\b.{0,150}(?:right|title|interest)"
        r"|works? (?:made )?for hire"
        r"|(?:shall|will) vest",
        r"right|title|interest|^hire|^vest",
        r"hereby|shall|agree|will|work",
    ),
    _signal(
        "no_suit",
        r"contest|challeng|attack|disput|oppos|^sue|^assert|^bring|^commence|^institute",
        rf"{_NOT}.{{0,150}}(?:contest|challeng"
        r"|attack|disput|oppos)\w*.{0,120}(?:valid|title|right|owner|enforceab|mark"
        r"|patent)"
        r"|covenants? not to (?:sue|assert)|not to (?:sue|assert|bring|commence|institute)",
        _NOT_WORD,
    ),
    _signal(
        "first_right",
        "first",
        r"first (?:refusal|offer|negotiation|option|opportunity|right|look)"
        r"|right of first",
        r"refusal|offer|negotiation|option|opportunity|right|look",
    ),
    _signal(
        "escrow_source",
        "escrow",
        r"escrow.{0,200}(?:source|software|code)|(?:source|software)"
        r".{0,200}escrow|escrow agent",
    ),
    _signal(
        "forever",
        "irrevocabl|perpetual|perpetuity",
        r"irrevocabl|perpetual|perpetuity",
    ),
    _signal(
        "forever_licence",
        "irrevocabl|perpetual|perpetuity",
        r"(?:irrevocabl|perpetual).{0,100}licen"
        r"|licen.{0,150}(?:irrevocabl|perpetual|perpetuity)",
    ),
    _signal(
        "grants",
        "grant",
        r"grants?.{0,80}(?:licen[cs]e|right)",
        r"licen|right",
    ),
    _signal(
        "grant_from_affiliates",
        "affiliate",
        r"(?:on behalf of (?:itself|its)|itself) and (?:on behalf of )?"
        r"(?:its|their) (?:\w+ )?affiliates.{0,100}grant|affiliates?,? (?:hereby |shall "
        r"|to )?grants?"
        r"|cause.{0,30}affiliates?.{0,40}grant|licensor (?:and|or) (?:its|any) affiliates",
        r"grant|licensor",
    ),
    _signal(
        "grant_to_affiliates",
        "affiliate|subsidiar",
        r"(?:grant|licen).{0,150}(?:(?:and|or|,) )"
        r"(?:its|their|any)(?: \w+){0,2} (?:affiliate|subsidiar)|(?:sublicen|extend)"
        r".{0,60}affiliate",
        r"grant|licen|extend",
    ),
    _signal(
        "not_transferable",
        "transferable|transferrable|sublicens|assignable",
        r"non-?\s?(?:transferr?able"
        r"|assignable|sublicens)|not(?: be)? (?:transferr?able|assignable|sublicens)"
        r"|without the right to sublicens",
    ),
    _signal(
        "exclusive",
        "exclusiv",
        r"(?<!non-)(?<!non)(?<!non )\bexclusiv(?:e|ely|ity)\b(?! (?:of|property|remed"
        r"|jurisdic|venue|owner))",
    ),
    _signal(
        "compete",
        "compet",
        rf"{_NOT}.{{0,250}}\bcompet(?:e|es|ing|itive|itor|ition)",
        _NOT_WORD,
    ),
    _signal(
        "compete_business",
        "engag|carry|participat",
        rf"{_NOT}.{{0,150}}(?:engag\w+|carry on|participat\w+)"
        r".{0,100}(?:business|activit)",
        _NOT_WORD,
        r"business|activit",
    ),
    _signal(
        "compete_exception",
        "compet|exclusiv",
        r"(?:notwithstanding|except|provided|"
        r"nothing (?:in|contained|herein)).{0,300}(?:compet|exclusiv)|(?:compet|exclusiv)"
        r".{0,200}(?:shall not (?:apply|prevent|prohibit|restrict)|"
        r"except|notwithstanding|provided,? however)",
        r"notwithstanding|except|provided|nothing|apply|prevent|prohibit|restrict",
    ),
    _signal(
        "at_will",
        "terminat",
        r"terminat\w+.{0,150}(?:for convenience|without cause|for any reason"
        r"|(?:with or )?without (?:\w+ )?cause"
        r"|no reason|in its (?:sole )?discretion|at any time)|at any time.{0,80}terminat",
        r"convenience|cause|reason|discretion|^time",
    ),
    _signal(
        "at_will_notice",
        "terminat",
        r"may(?: \w+){0,3} terminat.{0,120}(?:upon|on|by|with|giving).{0,60}"
        r"(?:days?|months?)['’]?(?: \w+){0,3} notice(?!.{0,80}(?:breach|default))",
        r"notice",
        r"day$|days$|month$|months$",
    ),
    _signal(
        "after_end",
        "terminat|expir",
        r"(?:after|following|upon|survive)\b.{0,60}(?:terminat|expir)\w*",
        r"after|following|upon|survive",
    ),
    _signal(
        "uncapped",
        "limitation|exclusion|unlimited|liab",
        r"(?:limitation|exclusion|foregoing|section|clause).{0,120}(?:shall|do|does"
        r"|will) not (?:apply|limit|exclude)"
        r"|except (?:for|with respect|in|to).{0,200}(?:indemnif|gross negligence|willful"
        r"|wilful|confidential)|unlimited liab"
        r"|nothing.{0,80}(?:limit|exclude)s?.{0,40}liab",
        r"^not$|except$|unlimited|nothing",
        r"^apply|^limit|^exclu|indemnif|negligence|wil|confidential|liab",
    ),
    _signal(
        "capped",
        "exceed|limited|maximum|aggregate",
        r"liab\w+.{0,200}(?:exceed|limited to|maximum)|(?:exceed|limited to|aggregate)"
        r".{0,120}liab",
        r"liab",
    ),
    _signal(
        "warranty_for",
        "warrant",
        r"warrant\w*.{0,200}(?:for a period|\d+\)? (?:days?|months?|years?)"
        r"|warranty period)"
        r"|(?:days?|months?|years?)['’]? (?:\w+ )?warranty",
        r"period|day|month|year",
    ),
    _signal(
        "at_least",
        r"minimum|^least|^less$|^fewer",
        r"(?:minimum|at least|(?:no|not) (?:less|fewer) than).{0,100}(?:purchas|order|"
        r"quantit|units?|volume|royalt|payment|sales|spend|commit|per (?:year|month"
        r"|quarter)|annual|guarant)|(?:purchas|order|quantit|royalt|sales|commit)\w*"
        r".{0,60}minimum",
        r"purchas|order|quantit|unit|volume|royalt|payment|sales|spend|commit|^year|^month|^quarter"
        r"|annual|guarant",
    ),
    _signal(
        "at_most",
        "exceed|maximum|excess|limited|more",
        r"(?:exceed|maximum|up to|in excess of|limited to|more than).{0,80}"
        r"(?:units?|users?|quantit|volume|copies|hours?|number|capacit|impressions|seats"
        r"|servers|transactions)"
        r"|(?:units?|users?|quantit|volume|copies|hours?|number|capacit)\w*"
        r".{0,80}(?:exceed|in excess)",
        r"unit|user|quantit|volume|copies|hour|number|capacit|impressions|seats|servers"
        r"|transactions",
    ),
    _signal(
        "share_of",
        r"royalt|commission$|commissions$|percent|%|^shar|^split",
        r"royalt\w+|commissions?\b|(?:%|percent\w*)\)? of.{0,60}"
        r"(?:revenue|sales|profit|proceeds|receipts|income|fees)|(?:revenue"
        r"|profit)[- ](?:shar|split)",
        r"royalt|commission|revenue|sales|profit|proceeds|receipts|income|fees",
    ),
    _signal(
        "audit",
        "audit|inspect|examine",
        r"(?:right to|may|entitled to|permit).{0,80}(?:audit|inspect|examin)|audit"
        r".{0,80}(?:book|record|account)",
    ),
    _signal(
        "audit_made",
        "audit",
        r"(?:conduct|perform|such) (?:an |such )?audit|audit (?:right|reveal|disclos"
        r"|shows)",
    ),
    _signal(
        "renews",
        "renew|extend",
        r"(?:renew|extend)\w*.{0,100}(?:successive|additional|further"
        r"|term|period|year)",
    ),
    _signal(
        "renews_not",
        r"^renew|^extend|intent",
        r"(?:not|non)[- ](?:to )?(?:renew|extend)|intent\w*.{0,40}(?:terminate|renew)",
        r"not|non|terminate|renew",
    ),
    _signal(
        "assign_not",
        "assign|transfer",
        r"(?:not|neither|no party|nor).{0,120}(?:assign|transfer)|(?:assign|transfer)\w*"
        r".{0,120}(?:consent|void|permission)",
        r"not|neither|nor|no$|consent|void|permission",
    ),
    _signal(
        "insured",
        "insur",
        r"(?:maintain|carry|obtain|procure|keep|provide).{0,80}insurance"
        r"|additional insured|certificates? of insurance",
    ),
    _signal(
        "effective",
        "effective|commenc|begin|start",
        r"effective (?:date|as of)|(?:commenc|begin|start)\w* (?:on|as of|from)",
    ),
    _signal(
        "until",
        r"expir|continue|remain|effect|force|^period|^term",
        r"(?:continue|remain|in effect|force).{0,80}(?:until|for)|expir\w+ on"
        r"|for a (?:period|term) of",
        r"until|for|expir",
    ),
)


# So many characters are tried for one signal; a contract seldom has as many altogether.
_MOST_TRIED: Final = 150_000
NEEDS: Final = max(len(signal.needs) for signal in SIGNALS)


def _bits(numbers: Iterable[int]) -> int:
    return sum(1 << number for number in numbers)


class _Part(NamedTuple):
    """A part of words, and of the first, second, third need which signals' it meets, as bits."""

    letters: str
    at_start: bool
    at_end: bool
    meets: tuple[int, ...]


def _parts() -> Iterator[_Part]:
    for part in sorted({part for signal in SIGNALS for need in signal.needs for part in need}):
        meets = tuple(
            _bits(
                number
                for number, signal in enumerate(SIGNALS)
                if position < len(signal.needs) and part in signal.needs[position]
            )
            for position in range(NEEDS)
        )
        yield _Part(part.strip("^$"), part.startswith("^"), part.endswith("$"), meets)


# Parts by their first two letters: most places in a word begin none.
_BY_LETTERS: Final = {
    letters: tuple(parts)
    for letters, parts in groupby(sorted(_parts()), key=lambda part: part.letters[:2])
}
# Of the second and the third need: the signals that have none.
_FREE: Final = np.array(
    [
        _bits(number for number, signal in enumerate(SIGNALS) if len(signal.needs) <= position)
        for position in range(NEEDS)
    ],
    dtype=np.uint64,
)


def hints_of(word: str) -> tuple[int, ...] | None:
    """Of the first, second, third need of all signals which ones the word meets, as bits."""
    hints = [0] * NEEDS
    for at in range(len(word)):
        for letters, at_start, at_end, meets in _BY_LETTERS.get(word[at : at + 2], ()):
            if (
                word.startswith(letters, at)
                and not (at_start and at)
                and not (at_end and at + len(letters) != len(word))
            ):
                for position, bits in enumerate(meets):
                    hints[position] |= bits
    return tuple(hints) if any(hints) else None


def signals_of(lower: str, hints: Hints, units: Sequence[Unit]) -> list[list[str]]:
    """The names of the signals in each unit; ``hints`` are those of all words of a unit (row)."""
    found: list[list[str]] = [[] for _ in units]
    likely = np.bitwise_and.reduce(hints | _FREE, axis=1)
    budgets = [_MOST_TRIED] * len(SIGNALS)
    for row in np.flatnonzero(likely).tolist():
        start, end = units[row].start, units[row].end
        left = int(likely[row])
        while left:
            number = (left & -left).bit_length() - 1
            left &= left - 1
            budgets[number] -= end - start
            signal = SIGNALS[number]
            if budgets[number] >= 0 and signal.pattern.search(lower, start, end):
                found[row].append(signal.name)
    return found
