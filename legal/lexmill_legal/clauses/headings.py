"""Kinds of clauses by the heading they stand under, in English and Russian."""

import re
from functools import lru_cache
from typing import Final

_ENGLISH: Final = {
    "confidentiality": r"confidential|non-?disclosure|proprietary information",
    "indemnification": r"indemni(?:f|t)|hold harmless",
    "force_majeure": r"force\s+majeure|acts? of god|excusable delay",
    "entire_agreement": r"entire\s+(?:agreement|contract|understanding)|entirety|integration\Z"
    r"|(?:complete|whole|full) agreement|merger clause|integrated agreement",
    "notices": r"\Anotices?\b(?! of)|\b(?:and|of) notices?\Z",
    "severability": r"severab|partial invalidity|invalid provisions?",
    "counterparts": r"counterparts?\b",
    "term": r"\A(?:the |initial )?terms?(?: of (?:the |this )?(?:agreement|contract|license))?\Z"
    r"|\Aterms? (?:and|&|/|;|,) ?(?:renewal|termination|extension)|\Aduration"
    r"|effective date and term",
    "payment": r"\A(?:terms? of )?payments?\b(?! of (?:taxes|expenses))"
    r"|\bpayment (?:terms|schedule)"
    r"|\A(?:fees?|compensation|consideration|prices?|royalt\w+) (?:and|&) payments?|\Ainvoic"
    r"|\Afees?\Z|\Acompensation\Z",
    "termination": r"\btermination\b(?! (?:of employment|benefits))",
    "liability": r"limitations? (?:of|on) (?:liabilit|damages)|limited liability\Z|\Aliability\b"
    r"|(?:exclusion|disclaimer) of (?:certain |consequential )?damages|consequential damages",
    "warranties": r"\bwarrant(?:y|ies)\b",
    "dispute_resolution": r"disputes?\b|\barbitration|\bmediation",
    "amendments": r"\bamendments?\b"
    r"|\bmodifications?\b(?! (?:of|to) (?:the )?(?:products?|services?))",
    "waiver": r"\b(?:no |non-?)?waivers?\b(?! of (?:jury|trial|subrogation|immunit))",
}
_RUSSIAN: Final = {
    "confidentiality": r"конфиденциальн|неразглашени|коммерческ\w+ тайн",
    "indemnification": r"возмещени\w+ (?:потерь|убытков|ущерба)|гарантии возмещения",
    "force_majeure": r"форс[- ]?мажор|непреодолимой силы",
    "entire_agreement": r"полнота (?:договора|соглашения)|целостность (?:договора|соглашения)",
    "notices": r"уведомлени|извещени|порядок обмена|переписк",
    "severability": r"делимост|недействительност\w+ (?:отдельн|положени|част)|автономность",
    "counterparts": r"экземпляр",
    "term": r"срок\w* (?:действия|договора|аренды|найма|поставки и действия)",
    "payment": r"(?:порядок|условия|сроки|форма) (?:и \w+ )?(?:расч[её]т|оплат|платеж)|расч[её]ты"
    r"|\bцен[аы]\b|\bстоимость\b|\Aоплата|арендная плата|вознаграждение",
    "termination": r"расторжени|прекращени\w+ (?:действия )?(?:договора|соглашения)"
    r"|отказ от договора",
    "liability": r"ответственност",
    "warranties": r"гаранти\w*(?! возмещ)|заверени",
    "dispute_resolution": r"спор(?:ов|ы|ах)?\b|разногласи|арбитражн\w+ оговорк|подсудност",
    "amendments": r"(?:изменени|дополнени)\w+.{0,30}(?:договор|соглашени)|\Aизменени",
    "governing_law": r"применимое право|право,? применимое",
    "insurance": r"страховани",
    "warranty_duration": r"гарантийн\w+ (?:срок|обязательств|период)",
    "audit_rights": r"\bаудит|право проверки",
    "anti_assignment": r"уступк\w+ прав|передача прав|перев\w+ долга",
    "exclusivity": r"эксклюзивност|исключительност",
    "liquidated_damages": r"\bнеустойк|\bпен[яи]\b|штрафн\w+ санкци",
    "parties": r"реквизиты",
}


def _compiled(patterns: dict[str, str]) -> dict[str, re.Pattern[str]]:
    return {kind: re.compile(pattern) for kind, pattern in patterns.items() if pattern}


DEFINITIONS: Final = re.compile(
    r"definition|defined terms|interpretation|определени|термин", re.IGNORECASE
)
_BY_LANGUAGE: Final = {"en": _compiled(_ENGLISH), "ru": _compiled(_RUSSIAN)}


@lru_cache(maxsize=4096)  # contracts share most of their headings
def kinds_under(heading: str, language: str) -> tuple[str, ...]:
    """What clauses under this heading are; most headings say nothing."""
    lower = " ".join(heading.lower().split()).strip(" .:;–—-")
    return tuple(kind for kind, pattern in _BY_LANGUAGE[language].items() if pattern.search(lower))
