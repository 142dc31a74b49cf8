"""What a lawyer looks for: turns of phrase that few examples cannot teach a model.

Each is one more feature of a sentence; how much it counts is learned. Every expression has parts
of words of which one must stand in the sentence, so that most are never tried.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from lexmill_legal.clauses.units import Unit


@dataclass(frozen=True, slots=True)
class Signal:
    name: str
    needs: tuple[str, ...]
    pattern: re.Pattern[str]


def _signal(name: str, needs: str, pattern: str) -> Signal:
    return Signal(f"r_{name}", tuple(needs.split("|")), re.compile(pattern, re.DOTALL))


_NOT: Final = r"(?:\bnot\b|\bno\b|\bnor\b|neither|never|refrain|prohibited|without)"
_PRICE: Final = r"(?:pric\w+|\bfees?\b|\brates?\b|\bcharges?\b)"
_PEOPLE: Final = r"(?:employ\w+|personnel|staff|consultants?|contractors?|officers?)"
_CUSTOMERS: Final = r"(?:customers?|clients?|accounts?|subscribers?|patrons?|advertisers?)"
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
    ),
    _signal(
        "price_capped",
        "increas|rais|adjust",
        rf"{_PRICE}.{{0,120}}(?:increas|rais|adjust)\w*"
        r".{0,80}(?:not|no more|exceed|greater|maximum|once|percent|%)",
    ),
    _signal(
        "unlimited",
        "limit|enterprise",
        r"unlimited (?:number|use|usage|access|right|licen|"
        r"cop|user|quantit|download)|enterprise[- ]?(?:wide)? licen"
        r"|without limit\w* (?:as to|in) "
        r"(?:number|quantity)",
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
    ),
    _signal(
        "solicit_customers",
        "solicit|recruit|entic|divert|induc|interfer",
        rf"{_NOT}.{{0,200}}{_LURE}"
        rf".{{0,100}}{_CUSTOMERS}",
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
        "fee|charge|payment",
        r"(?:early |pre)?(?:termination|cancell?ation|break"
        r"(?:[- ]?up)?) (?:fee|charge|payment)",
    ),
    _signal(
        "late_delivery",
        "late|delay",
        r"(?:late|delay)\w*.{0,100}(?:per (?:day|week)|each (?:day|week)|"
        r"credit|%|percent)",
    ),
    _signal(
        "control",
        "control",
        r"change (?:of|in) (?:the )?(?:\w+ )?control",
    ),
    _signal(
        "merger",
        "merg|consolidat|substantially|acqui|sale",
        r"(?:merg|consolidat|acqui|sale of)\w*"
        r".{0,150}(?:assign|terminat|consent|notice|transfer)|substantially all",
    ),
    _signal(
        "control_by_law",
        "operation",
        r"by operation of law",
    ),
    _signal(
        "jointly",
        "joint|own|undivided",
        r"joint(?:ly)?[- ](?:own|title|property|inven|intellect|develop|hold)"
        r"|co-own|joint ownership|undivided",
    ),
    _signal(
        "assigns_ip",
        "assign|hire|vest",
        r"(?:hereby|shall|agrees? to|will)"
        r"(?: \w+){0,3} assigns?\b.{0,150}(?:right|title|interest)"
        r"|works? (?:made )?for hire"
        r"|(?:shall|will) vest",
    ),
    _signal(
        "no_suit",
        "contest|challeng|attack|disput|oppos|sue|assert|bring|commence|institute",
        rf"{_NOT}.{{0,150}}(?:contest|challeng"
        r"|attack|disput|oppos)\w*.{0,120}(?:valid|title|right|owner|enforceab|mark"
        r"|patent)"
        r"|covenants? not to (?:sue|assert)|not to (?:sue|assert|bring|commence|institute)",
    ),
    _signal(
        "first_right",
        "first",
        r"first (?:refusal|offer|negotiation|option|opportunity|right|look)"
        r"|right of first",
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
        r"(?:hereby )?grants?.{0,80}(?:licen[cs]e|right)",
    ),
    _signal(
        "grant_from_affiliates",
        "affiliate",
        r"(?:on behalf of (?:itself|its)|itself) and (?:on behalf of )?"
        r"(?:its|their) (?:\w+ )?affiliates.{0,100}grant|affiliates?,? (?:hereby |shall "
        r"|to )?grants?"
        r"|cause.{0,30}affiliates?.{0,40}grant|licensor (?:and|or) (?:its|any) affiliates",
    ),
    _signal(
        "grant_to_affiliates",
        "affiliate|subsidiar",
        r"(?:grant|licen).{0,150}(?:(?:and|or|,) )"
        r"(?:its|their|any)(?: \w+){0,2} (?:affiliate|subsidiar)|(?:sublicen|extend)"
        r".{0,60}affiliate",
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
    ),
    _signal(
        "compete_business",
        "engag|carry|participat",
        rf"{_NOT}.{{0,150}}(?:engag\w+|carry on|participat\w+)"
        r".{0,100}(?:business|activit)",
    ),
    _signal(
        "compete_exception",
        "compet|exclusiv",
        r"(?:notwithstanding|except|provided|"
        r"nothing (?:in|contained|herein)).{0,300}(?:compet|exclusiv)|(?:compet|exclusiv)"
        r".{0,200}(?:shall not (?:apply|prevent|prohibit|restrict)|"
        r"except|notwithstanding|provided,? however)",
    ),
    _signal(
        "at_will",
        "terminat",
        r"terminat\w+.{0,150}(?:for convenience|without cause|for any reason"
        r"|(?:with or )?without (?:\w+ )?cause"
        r"|no reason|in its (?:sole )?discretion|at any time)|at any time.{0,80}terminat",
    ),
    _signal(
        "at_will_notice",
        "terminat",
        r"may(?: \w+){0,3} terminat.{0,120}(?:upon|on|by|with|giving).{0,60}"
        r"(?:days?|months?)['’]?(?: \w+){0,3} notice(?!.{0,80}(?:breach|default))",
    ),
    _signal(
        "after_end",
        "terminat|expir",
        r"(?:after|following|upon|survive)\b.{0,60}(?:terminat|expir)\w*",
    ),
    _signal(
        "uncapped",
        "limitation|exclusion|unlimited|liab",
        r"(?:limitation|exclusion|foregoing|section|clause).{0,120}(?:shall|do|does"
        r"|will) not (?:apply|limit|exclude)"
        r"|except (?:for|with respect|in|to).{0,200}(?:indemnif|gross negligence|willful"
        r"|wilful|confidential)|unlimited liab"
        r"|nothing.{0,80}(?:limit|exclude)s?.{0,40}liab",
    ),
    _signal(
        "capped",
        "exceed|limited|maximum|aggregate",
        r"liab\w+.{0,200}(?:exceed|limited to|maximum)|(?:exceed|limited to|aggregate)"
        r".{0,120}liab",
    ),
    _signal(
        "warranty_for",
        "warrant",
        r"warrant\w*.{0,200}(?:for a period|\d+\)? (?:days?|months?|years?)"
        r"|warranty period)"
        r"|(?:days?|months?|years?)['’]? (?:\w+ )?warranty",
    ),
    _signal(
        "at_least",
        "minimum|least|less|fewer",
        r"(?:minimum|at least|(?:no|not) (?:less|fewer) than).{0,100}(?:purchas|order|"
        r"quantit|units?|volume|royalt|payment|sales|spend|commit|per (?:year|month"
        r"|quarter)|annual|guarant)|(?:purchas|order|quantit|royalt|sales|commit)\w*"
        r".{0,60}minimum",
    ),
    _signal(
        "at_most",
        "exceed|maximum|excess|limited|more",
        r"(?:exceed|maximum|up to|in excess of|limited to|more than).{0,80}"
        r"(?:units?|users?|quantit|volume|copies|hours?|number|capacit|impressions|seats"
        r"|servers|transactions)"
        r"|(?:units?|users?|quantit|volume|copies|hours?|number|capacit)\w*"
        r".{0,80}(?:exceed|in excess)",
    ),
    _signal(
        "share_of",
        "royalt|commission|percent|%|shar|split",
        r"royalt\w+|commissions?\b|(?:%|percent\w*)\)? of.{0,60}"
        r"(?:revenue|sales|profit|proceeds|receipts|income|fees)|(?:revenue"
        r"|profit)[- ](?:shar|split)",
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
        r"(?:automatic\w* )?(?:renew|extend)\w*.{0,100}(?:successive|additional|further"
        r"|term|period|year)",
    ),
    _signal(
        "renews_not",
        "renew|extend|intent",
        r"(?:not|non)[- ](?:to )?(?:renew|extend)|intent\w*.{0,40}(?:terminate|renew)",
    ),
    _signal(
        "assign_not",
        "assign|transfer",
        r"(?:not|neither|no party|nor).{0,120}(?:assign|transfer)|(?:assign|transfer)\w*"
        r".{0,120}(?:consent|void|permission)",
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
        "until|expir|continue|remain|effect|force|period|term",
        r"(?:continue|remain|in effect|force).{0,80}(?:until|for)|expir\w+ on"
        r"|for a (?:period|term) of",
    ),
)


# So many characters are tried for one signal; a contract seldom has as many altogether.
_MOST_TRIED: Final = 150_000


def signals_of(
    lower: str, tokens: Sequence[Sequence[str]], units: Sequence[Unit]
) -> list[list[str]]:
    """The names of the signals in each unit, whose words are ``tokens``."""
    found: list[list[str]] = []
    budgets = [_MOST_TRIED] * len(SIGNALS)
    words_used: set[str] = set().union(*tokens)
    hints = {word: numbers for word in words_used if (numbers := _hinted_at(word))}
    for words, unit in zip(tokens, units, strict=True):
        likely: set[int] = set()
        for word in words:
            if word in hints:
                likely.update(hints[word])
        own: list[str] = []
        for number in sorted(likely):
            budgets[number] -= unit.end - unit.start
            signal = SIGNALS[number]
            if budgets[number] >= 0 and signal.pattern.search(lower, unit.start, unit.end):
                own.append(signal.name)
        found.append(own)
    return found


_HINTS: Final = re.compile(
    "|".join(sorted(re.escape(need) for need in {n for s in SIGNALS for n in s.needs}))
)


@lru_cache(maxsize=50_000)
def _hinted_at(word: str) -> tuple[int, ...]:
    """The signals that a word is part of, by number."""
    if not _HINTS.search(word):
        return ()
    return tuple(
        number
        for number, signal in enumerate(SIGNALS)
        if any(need in word for need in signal.needs)
    )
