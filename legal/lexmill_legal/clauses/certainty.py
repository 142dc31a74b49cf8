"""What may be said of a clause for certain.

The model was made from whole English contracts. Of a page, of a letter, of a contract that was cut
off its score says little, and of a clause in unusual words too little for a no. So a certain no
needs a whole contract without any of the words that such a clause can hardly do without.
"""

import re
from typing import Final

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
    r"\bin\s+witness\s+(?:whereof|thereof|hereof)|/s/"
    r"|\b(?:by|signed|signature|executed\s+by):?[\s_]{1,80}[^:]{0,200}?\b(?:name|title|its|date):",
    re.DOTALL,
)
# Signatures, and what follows them, are in the last part of a contract that ends.
_ENDS_FROM: Final = 0.4

_CUES: Final = {
    "renewal_term": r"renew|exten(?:d|sion)|prolong|evergreen|\bsuccessive|year[- ]to[- ]year"
    r"|month[- ]to[- ]month",
    "notice_period_to_terminate_renewal": r"renew|exten(?:d|sion)|prolong|evergreen|\bsuccessive"
    r"|year[- ]to[- ]year|month[- ]to[- ]month",
    "non_compete": r"\bcompet(?:e|es|ed|ing|itive|itors?|itions?)\b",
    "exclusivity": r"(?<!non-)(?<!non)(?<!non )\bexclusiv(?:e|ely|ity)\b"
    r"(?!\s+(?:of|property|remed|jurisdic|venue|owner))|\bsole(?:ly)?\b",
    "no_solicit_of_employees": r"solicit|recruit|\bentic|\bhir(?:e|es|ing)\b",
    "rofr_rofo_rofn": r"\bfirst\b.{0,40}\b(?:negotiat|refus|offer|option|opportunit|right|look)"
    r"|right\s+of\s+first|last\s+refusal|match(?:ing)?\s+(?:right|offer)|pre-?empti|\bpriority\b"
    r"|\boption\s+to\b",
    "change_of_control": r"\bcontrol\b|merge[rd]?\b|consolidat|substantially\s+all"
    r"|operation\s+of\s+law|acquir(?:es|ed by)",
    "revenue_profit_sharing": r"royalt|commission|percent|%|shar(?:e|es|ing)\s+of|profits?\b",
    "minimum_commitment": r"\bminimum|\bat\s+least\b|\bnot?\s+(?:less|fewer)\s+than",
    "ip_ownership_assignment": r"\bassigns?\b.{0,150}\b(?:right|title|interest)"
    r"|work(?:s)?\s+(?:made\s+)?for\s+hire|\bvests?\b|\b(?:sole|exclusive)\s+property"
    r"|\bproperty\s+of\b|\bown(?:ership)?\s+of\b|\bowned\s+by\b|\bshall\s+own\b",
    "joint_ip_ownership": r"\bjoint(?:ly)?\b|co-?own|undivided",
    "license_grant": r"licen[cs]|(?:right|permission)\s+to\s+use",
    "non_transferable_license": r"transferr?able|sub-?licen|\bassignable"
    r"|licen.{0,150}\btransfer|\btransfer.{0,100}licen",
    "irrevocable_or_perpetual_license": r"irrevocabl|perpetual|perpetuity|\bpermanent|\bforever\b",
    "post_termination_services": r"\b(?:after|following|upon|survive)\b.{0,60}\b(?:terminat|expir)",
    "audit_rights": r"\baudit|\binspect|\bexamin|\bbooks\b|access\s+to\s+(?:\S+\s+){0,5}records",
    "uncapped_liability": r"unlimited\s+liab|negligen|wil+ful|misconduct|\bfraud"
    r"|nothing.{0,80}\b(?:limit|exclude)|limitations?.{0,120}\bnot\s+(?:apply|limit|exclude)",
    "cap_on_liability": r"\bliab\w*.{0,200}(?:exceed|limited\s+to|maximum)"
    r"|(?:exceed|limited\s+to|aggregate).{0,120}\bliab|\b(?:consequential|punitive)\b"
    r"|\bno\s+liability|\bnot\s+(?:\w+\s+)?liable",
    "liquidated_damages": r"liquidated|penalt(?:y|ies)|forfeit|buy-?out|\bper\s+day\b"
    r"|(?:termination|cancell?ation|break(?:[- ]?up)?|late)\s+(?:fee|charge|payment)",
    "warranty_duration": r"\bwarrant(?:y|ies)\b|\bdefect|\bguarantee",
    "insurance": r"insur",
    "covenant_not_to_sue": r"contest|challeng|\bsue\b|\bsuit|\bto\s+(?:assert|oppose"
    r"|attack)|\battack"
    r"|\bvalidity|\breleases?\b",
    "confidentiality": r"confiden|proprietary|secre[ct]|disclos",
    "indemnification": r"indemn|harmless",
    "force_majeure": r"majeure|acts?\s+of\s+god|beyond\s+(?:\S+\s+){0,4}control",
    "entire_agreement": r"supersed|\b(?:entire|whole|complete|full)\s+(?:agreement"
    r"|contract|underst)"
    r"|integrat",
    "severability": r"severab|invalid|unenforceab",
    "counterparts": r"counterpart",
    "termination": r"terminat|cancel",
    "liability": r"liab",
    "warranties": r"warrant",
    "dispute_resolution": r"arbitra|mediat|disput|jurisdiction",
    "waiver": r"waive",
}
_COMPILED: Final = {kind: re.compile(pattern, re.DOTALL) for kind, pattern in _CUES.items()}


def is_whole_contract(lower: str, languages: tuple[str, ...]) -> bool:
    """Does it begin and end as an English contract, and is it as long as one?"""
    return (
        languages == ("en",)
        and len(lower) >= _SHORTEST
        and _BEGINS.search(lower, 0, _HEAD) is not None
        and _ENDS.search(lower, int(len(lower) * _ENDS_FROM)) is not None
    )


def may_be_certain(kind: str, lower: str, *, present: bool, whole: bool) -> bool:
    """Whether a verdict that the score bears out may be firm; ``whole``: it is a whole contract."""
    if present:
        return whole or kind not in _OF_EVERY_CONTRACT
    return whole and not has_cue(kind, lower)


def has_cue(kind: str, lower: str) -> bool:
    """Does a word stand anywhere that a clause of this kind can hardly do without?"""
    cue = _COMPILED.get(kind)
    return cue is None or cue.search(lower) is not None
