"""What may be said of a clause for certain.

The model was made from whole English contracts. Of a page, of a letter, of a contract that was cut
off its score says little, and of a clause in unusual words too little for a no. So a certain no
needs a whole contract without any of the words that such a clause can hardly do without.
"""

import re
from typing import Final, NamedTuple

# Nearly every contract of the training data has them, so it could not learn what has none.
_OF_EVERY_CONTRACT: Final = frozenset({"document_name", "parties", "agreement_date"})
# Nineteen in twenty contracts of the training data are longer.
_SHORTEST: Final = 3_000
_HEAD: Final = 3_000
_BEGINS: Final = re.compile(
    r"\b(?:agreement|contract|lease|licen[cs]e|amendment|addendum|deed|plan|terms)\b"
    r"[^.;]{0,400}?\b(?:between|among|amongst|made|entered|dated|effective|executed|parties)\b"
)
_ENDS: Final = re.compile(
    r"\bin\s+witness\s+(?:whereof|thereof|hereof)"
    r"|\b(?:by|signed|signature|executed\s+by):?[\s_]{1,80}[^:]{0,200}?\b(?:name|title|its|date):"
)
# Signatures, and what follows them, are in the last part of a contract that ends.
_ENDS_FROM: Final = 0.4

# As `spoken` writes words: a space is where one begins or ends, "-" is a space, too.
_WORDS: Final = {
    "renewal_term": "renew|extend|extension|prolong|evergreen| successive|year to year"
    "|month to month",
    "notice_period_to_terminate_renewal": "renew|extend|extension|prolong|evergreen| successive"
    "|year to year|month to month",
    "non_compete": " compete | competes | competed | competing | competiti| competitor",
    "exclusivity": " sole | solely ",
    "no_solicit_of_employees": "solicit|recruit| entic| hire | hires | hiring ",
    "rofr_rofo_rofn": " right of first| last refusal| matching right| matching offer| match offer"
    "| preempti| pre empti| priority | option to ",
    "change_of_control": " control | merge| consolidat|substantially all|operation of law"
    "| acquires | acquired by ",
    "revenue_profit_sharing": "royalt|commission|percent|%| share of | shares of | sharing of"
    "| profit",
    "minimum_commitment": " minimum| at least | no less than | not less than | no fewer than"
    "| not fewer than",
    "ip_ownership_assignment": " for hire | vest | vests | sole property| exclusive property"
    "| property of | own of | ownership of | owned by | shall own ",
    "joint_ip_ownership": " joint | jointly | coown| co own| undivided",
    "license_grant": "licens|licenc| right to use| permission to use",
    "non_transferable_license": "transferable|transferrable|sublicen|sub licen| assignable",
    "irrevocable_or_perpetual_license": "irrevocabl|perpetual|perpetuity| permanent| forever ",
    "post_termination_services": "",
    "audit_rights": " audit| inspect| examin| books ",
    "uncapped_liability": "unlimited liab|negligen|wilful|willful|misconduct| fraud",
    "cap_on_liability": " consequential | punitive | no liability| not liable| not be liable",
    "liquidated_damages": "liquidated|penalty|penalties|forfeit|buyout|buy out| per day "
    "|termination fee|termination charge|termination payment|cancellation fee|cancelation fee"
    "|cancellation charge|break fee|breakup fee|break up fee| late fee| late charge| late payment",
    "warranty_duration": " warranty | warranties | defect| guarantee",
    "insurance": "insur",
    "covenant_not_to_sue": "contest|challeng| sue | suit| to assert| to oppose| attack| validity "
    "| release ",
    "confidentiality": "confiden|proprietary|secret|secrec|disclos",
    "indemnification": "indemn|harmless",
    "force_majeure": "majeure| act of god| acts of god",
    "entire_agreement": "supersed| entire agreement| entire contract| entire underst"
    "| whole agreement| whole contract| complete agreement| full agreement| full underst|integrat",
    "severability": "severab|invalid|unenforceab",
    "counterparts": "counterpart",
    "termination": "terminat|cancel",
    "liability": "liab",
    "warranties": "warrant",
    "dispute_resolution": "arbitra|mediat|disput|jurisdiction",
    "waiver": "waive",
}
# Each begins with letters, not with a choice: only so a search over a whole contract is quick.
_TURNS: Final = {
    "exclusivity": (
        r" exclusiv(?<! non exclusiv)(?:e|ely|ity) (?!of |propert|remed|jurisdic|venue|owner)",
    ),
    "rofr_rofo_rofn": (r" first .{0,40}(?:negotiat|refus|offer|option|opportunit|right|look)",),
    "ip_ownership_assignment": (r" assigns? .{0,150} (?:right|title|interest)",),
    "non_transferable_license": (r" licen.{0,150} transfer", r" transfer.{0,100} licen"),
    "post_termination_services": tuple(
        rf" {word} .{{0,60}}(?:terminat|expir)" for word in ("after", "following", "upon", "surviv")
    ),
    "audit_rights": (r" access to .{0,40} records",),
    "uncapped_liability": (
        r" nothing .{0,80} (?:limit|exclude)",
        r" limitation.{0,120} not (?:apply|limit|exclude)",
    ),
    "cap_on_liability": (
        r" liab.{0,200} (?:exceed|limited to|maximum)",
        r" exceed.{0,120} liab",
        r" limited to .{0,120} liab",
        r" aggregate .{0,120} liab",
    ),
    "force_majeure": (r" beyond .{0,40} control",),
}
# Single words are looked for among the different words of a text, which are few.
_CUES: Final = {
    kind: (
        tuple(cue for cue in cues.split("|") if cue and " " not in cue.strip()),
        tuple(cue for cue in cues.split("|") if " " in cue.strip()),
        tuple(re.compile(turn) for turn in _TURNS.get(kind, ())),
    )
    for kind, cues in _WORDS.items()
}
_PLAIN: Final = bytes(
    code if code in b"abcdefghijklmnopqrstuvwxyz0123456789%" else ord(" ") for code in range(256)
)


class Spoken(NamedTuple):
    """A text's words with one space before and after each: in their order, and each one once."""

    text: str
    words: str


def is_whole_contract(lower: str, languages: tuple[str, ...]) -> bool:
    """Does it begin and end as an English contract, and is it as long as one?"""
    if languages != ("en",) or len(lower) < _SHORTEST or not _BEGINS.search(lower, 0, _HEAD):
        return False
    end = lower[int(len(lower) * _ENDS_FROM) :]
    return "in witness whereof" in end or "/s/" in end or _ENDS.search(end) is not None


def spoken(lower: str) -> Spoken:
    plain = lower.encode("ascii", "replace").translate(_PLAIN).decode("ascii").split()
    return Spoken(f" {' '.join(plain)} ", f" {' '.join(dict.fromkeys(plain))} ")


def may_be_certain(kind: str, said: Spoken, *, present: bool, whole: bool) -> bool:
    """Whether a verdict that the score bears out may be firm; ``whole``: it is a whole contract."""
    if present:
        return whole or kind not in _OF_EVERY_CONTRACT
    return whole and not has_cue(kind, said)


def has_cue(kind: str, said: Spoken) -> bool:
    """Does a word stand anywhere that a clause of this kind can hardly do without?"""
    if kind not in _CUES:
        return True
    words, phrases, turns = _CUES[kind]
    return (
        any(word in said.words for word in words)
        or any(phrase in said.text for phrase in phrases)
        or any(turn.search(said.text) for turn in turns)
    )
