"""Russian clauses by rule: the heading of a section, or the words of a sentence."""

import re
from typing import Final

from lexmill_legal.clauses.headings import kinds_under
from lexmill_legal.clauses.units import Unit
from lexmill_legal.results import Section

_SENTENCES: Final = {
    "document_name": r"\A\s*(?:договор|соглашение|контракт)\b[^.]{0,90}\Z",
    "parties": r"именуе\w+\s+(?:в\s+дальнейшем|далее)|далее\s*(?:[-–—]|именуе\w+)\s*«",
    "agreement_date": r"\A.{0,60}\b(?:г\.|город)\s*\w.{0,60}\d{4}\s*(?:г\.|года)",
    "effective_date": r"вступает\s+в\s+силу",
    "expiration_date": r"(?:договор|соглашение|контракт)\w*\s.{0,60}действует\s+(?:до|в\s+течение)"
    r"|срок\w*\s+действия\s+(?:настоящего\s+)?договора\s.{0,40}(?:до|по)\s",
    "renewal_term": r"пролонгир|считается\s+продл[её]нн|продлевается\s+на",
    "notice_period_to_terminate_renewal": r"(?:не\s+позднее|менее)\s.{0,60}до\s+(?:окончания|"
    r"истечения)\s+срока.{0,200}(?:пролонгац|продл|расторж|прекращ)",
    "governing_law": r"(?:регулиру\w+|применя\w+|подчин\w+|руководствуются).{0,60}"
    r"(?:законодательств\w+|прав\w+)\s+(?:\w+\s+){0,2}(?:российской\s+федерации|рф|росси)",
    "anti_assignment": r"не\s+вправе.{0,60}(?:передавать|уступать|передать|уступить)"
    r"|уступк\w+.{0,60}(?:только|без)\s.{0,40}соглас|без\s.{0,40}согласия.{0,80}уступ",
    "termination_for_convenience": r"(?:вправе|может).{0,80}"
    r"(?:в\s+одностороннем\s+порядке|односторонн\w+).{0,60}(?:отказ|расторг|прекрат)"
    r"|отказаться\s+от\s+(?:исполнения\s+)?(?:настоящего\s+)?договора",
    "liquidated_damages": r"неустойк|\bпен[яиюей]+\b|штраф\w*\s+в\s+размере",
    "cap_on_liability": r"ответственност\w+.{0,120}(?:ограничи|не\s+(?:может\s+)?превыша)",
    "exclusivity": r"эксклюзивн\w+\s+(?:прав|дистриб|поставщ|услов)|на\s+эксклюзивной\s+основе",
    "non_compete": r"не\s+конкурировать|конкурирующ\w+\s+(?:деятельност|товар|продукци)",
    "ip_ownership_assignment": r"исключительн\w+\s+прав\w+.{0,80}(?:переход|отчужда|принадлеж|"
    r"переда)",
    "license_grant": r"неисключительн\w+\s+(?:лицензи|прав)|предоставляет.{0,60}"
    r"прав\w+\s+использовани",
    "warranty_duration": r"гарантийн\w+\s+(?:срок|период)",
    "insurance": r"обязан\w*\s.{0,40}застрахова|страхов(?:ой|ание|ого)\s",
    "audit_rights": r"вправе.{0,60}(?:проверять|провер[ик]\w+|аудит)",
    "counterparts": r"(?:составлен|заключ[её]н|подписан)\w*\s.{0,60}экземпляр",
    "entire_agreement": r"(?:утрачивают|теряют)\s+силу|вс[ею]\s+предыдущ\w+.{0,40}"
    r"(?:договор[её]нност|переговор|соглашени)",
    "severability": r"недействительност\w+.{0,60}(?:не\s+влеч[её]т|не\s+вли)",
    "amendments": r"изменени\w+\s+(?:и|или)\s+дополнени\w+.{0,120}(?:письменн|действительн)",
    "notices": r"(?:уведомлени|извещени|сообщени)\w+.{0,120}(?:в\s+письменн|направля|по\s+адрес)",
    "dispute_resolution": r"спор\w*.{0,120}(?:арбитражн\w+\s+суд|переговор|претензи)",
    "indemnification": r"возмещ\w+\s.{0,60}(?:потер|убытк|ущерб|расход)"
    r"|(?:возместить|компенсировать)\s.{0,60}(?:потер|убытк|ущерб|расход)",
    "term": r"(?:договор|соглашени|контракт)\w*\s.{0,80}действует\s+(?:до|в\s+течение|с)\s"
    r"|срок\w*\s+действия\s+(?:настоящего\s+)?(?:договора|соглашения)",
    "payment": r"\bоплачива\w+\s|\bоплата\s.{0,60}(?:производ|осуществля)"
    r"|обяз\w+\s.{0,60}оплатить|перечисл\w+\s.{0,80}(?:сч[её]т|денежн)",
    "force_majeure": r"непреодолимой\s+силы|форс-?мажор",
    "confidentiality": r"(?:не\s+разглашать|конфиденциальн\w+\s+информаци)",
}
_COMPILED: Final = {kind: re.compile(written) for kind, written in _SENTENCES.items()}
_FROM_THE_TOP: Final = frozenset({"document_name", "agreement_date"})
_TOP: Final = 1_500
_MOST: Final = 3
# A heading with its number is so much longer than without.
_NUMBER: Final = 12


def find_russian(
    lower: str, units: list[Unit], sections: tuple[Section, ...]
) -> dict[str, list[Unit]]:
    """Of each kind that is found, up to three units: those whose words say so come first."""
    said: dict[str, list[Unit]] = {}
    headings = {section.start: len(section.heading or "") for section in sections}
    units = [
        unit
        for unit in units
        if unit.end - unit.start > headings.get(unit.start, -_NUMBER) + _NUMBER
    ]
    for unit in units:
        written = lower[unit.start : unit.end]
        for kind, pattern in _COMPILED.items():
            early = unit.start < _TOP or kind not in _FROM_THE_TOP
            first = said.get(kind, ())
            if early and len(first) < _MOST and pattern.search(written):
                said.setdefault(kind, []).append(unit)
    for section in sections:
        for kind in kinds_under(section.heading or "", "ru"):
            inside = [
                unit
                for unit in units
                if section.start <= unit.start < section.end and not unit.is_heading
            ]
            known = said.setdefault(kind, [])
            both = [unit for unit in known if unit in inside]
            rest = [unit for unit in (*inside, *known) if unit not in both]
            said[kind] = [*both, *rest][:_MOST]
    return {kind: found for kind, found in said.items() if found}
