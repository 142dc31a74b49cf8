"""How often each rule is right, and so what may be called firm.

Measured 2026 on the 408 training contracts of CUAD v1 (The Atticus Project, CC BY 4.0), as the
share of first, uncontested values that equal the label. "value" compares the normalised value
with the answer (dates exactly, computed ones within a day; durations; places; names by token
overlap of one half, parties by a similarity of 0.85; a value where the label has none is wrong;
docs/accuracy.md says more, `lexmill model facts eval` measures it again); "place" asks only
whether the place lies in the labelled clause.

Roles of amounts were read by hand in 72 places, one a contract, after the rules had changed for
what 72 others showed.

Document names and dates are weighed against each other by ``ranking``: there the chance that
comes out decides what is firm, and the figures here only which rules may vouch for a firm value.

CUAD has no Russian contract. Russian rules are firm only ``by form``: the wording that they need
states the fact literally ("именуемое в дальнейшем", "действует до"), or a check digit proves it.
"""

from dataclasses import dataclass
from typing import Final, Literal

Source = Literal["CUAD value", "CUAD place", "by form", "by hand", "not measured"]

FLOOR: Final = 0.90
VOUCHING: Final = 0.75
FEWEST: Final = 20
"""With fewer cases a precision says too little."""


@dataclass(frozen=True, slots=True)
class Strength:
    """``precision`` is measured on ``cases`` values, or an estimate where the source says so."""

    precision: float
    cases: int = 0
    source: Source = "CUAD value"

    @property
    def firm(self) -> bool:
        if self.source == "by form":
            return True
        measured = self.source == "CUAD value" and self.cases >= FEWEST
        return measured and self.precision >= FLOOR

    @property
    def vouches(self) -> bool:
        """Do its words say so themselves? Without them no ranking makes a value firm."""
        return self.firm or (self.cases >= FEWEST // 2 and self.precision >= VOUCHING)


MEASURED: Final[dict[str, Strength]] = {
    "document_name.agreed": Strength(0.978, 325),
    "document_name.alone": Strength(0.796, 49),
    "document_name.in_clause": Strength(0.40, source="not measured"),
    "party.aliased": Strength(0.940, 668),
    "party.aliased_plain": Strength(0.611, 36),
    "party.listed": Strength(0.713, 164),
    "party.listed_plain": Strength(0.875, 16),
    "party.ru_named": Strength(0.95, source="by form"),
    "agreement_date.made_as_of": Strength(0.980, 204),
    "agreement_date.dated": Strength(0.565, 23),
    "agreement_date.made_elsewhere": Strength(0.588, 17),
    "agreement_date.preamble": Strength(0.922, 51),
    "agreement_date.near_signature": Strength(0.800, 5),
    "agreement_date.near_title": Strength(0.833, 6),
    "agreement_date.title_page": Strength(0.667, 3),
    "agreement_date.signed": Strength(0.900, 19),
    "agreement_date.signed_late": Strength(0.300, 4),
    "agreement_date.in_clause": Strength(0.10, source="not measured"),
    "effective_date.in_clause": Strength(0.10, source="not measured"),
    "expiration_date.in_clause": Strength(0.10, source="not measured"),
    "expiration_date.computed_in_clause": Strength(0.10, source="not measured"),
    "expiration_date.perpetual_in_clause": Strength(0.10, source="not measured"),
    "term.in_clause": Strength(0.10, source="not measured"),
    "agreement_date.russian_head": Strength(0.95, source="by form"),
    "effective_date.defined": Strength(0.945, 127),
    "effective_date.as_of": Strength(1.000, 26),
    "effective_date.is": Strength(0.900, 18),
    "effective_date.commences": Strength(0.684, 19),
    "effective_date.first_written": Strength(0.615, 26),
    "effective_date.on_signing": Strength(0.500, 38),
    "effective_date.when_made": Strength(0.230, 61),
    "effective_date.ru_on_signing": Strength(0.80, source="not measured"),
    "effective_date.ru_from": Strength(0.80, source="not measured"),
    "expiration_date.until": Strength(0.943, 53),
    "expiration_date.until_weak": Strength(0.400, 5),
    "expiration_date.labelled": Strength(0.900, 3),
    "expiration_date.event": Strength(0.312, 32),
    "expiration_date.computed": Strength(0.777, 121),
    "expiration_date.computed_from_date": Strength(0.700, 10),
    "expiration_date.perpetual": Strength(0.636, 44),
    "expiration_date.ru_until": Strength(0.95, source="by form"),
    "expiration_date.ru_computed": Strength(0.75, source="not measured"),
    "expiration_date.ru_open": Strength(0.80, source="not measured"),
    "term.duration": Strength(0.842, 143, "CUAD place"),
    "term.anniversary": Strength(0.842, 15, "CUAD place"),
    "term.ru_duration": Strength(0.85, source="not measured"),
    "renewal_term.automatic": Strength(0.984, 64),
    "renewal_term.yearly": Strength(1.0, 7),
    "renewal_term.other": Strength(0.500, 44),
    "renewal_term.ru_yearly": Strength(0.90, source="by form"),
    "renewal_term.ru_duration": Strength(0.85, source="not measured"),
    "renewal_term.ru_same": Strength(0.85, source="not measured"),
    # The value is that such a clause exists, so its place is its value.
    "auto_renewal.automatic": Strength(0.953, 85),
    "auto_renewal.never": Strength(0.75, source="not measured"),
    "auto_renewal.ru_automatic": Strength(0.95, source="by form"),
    "auto_renewal.ru_never": Strength(0.90, source="by form"),
    "renewal_notice_period.automatic": Strength(0.936, 47),
    "renewal_notice_period.other": Strength(0.433, 30),
    "renewal_notice_period.ru_notice": Strength(0.85, source="not measured"),
    "termination_notice_period.convenience": Strength(0.829, 70, "CUAD place"),
    "termination_notice_period.ru_notice": Strength(0.85, source="not measured"),
    "governing_law.governed_by": Strength(0.991, 332),
    "governing_law.named": Strength(0.900, 1),
    "governing_law.headed": Strength(0.300, 1),
    "governing_law.ru_governed_by": Strength(0.95, source="by form"),
    "dispute_forum.arbitration": Strength(0.80, source="not measured"),
    "dispute_forum.courts": Strength(0.75, source="not measured"),
    "dispute_forum.ru_court": Strength(0.90, source="by form"),
    "amount.role": Strength(0.78, 72, "by hand"),
    "amount.other": Strength(0.60, source="not measured"),
    "percent.role": Strength(0.78, 72, "by hand"),
    "percent.other": Strength(0.60, source="not measured"),
    "payment_term.after_invoice": Strength(0.75, source="not measured"),
    "payment_term.net": Strength(0.75, source="not measured"),
    "payment_term.ru_within": Strength(0.70, source="not measured"),
    "liability_cap.amount": Strength(0.95, 26, "CUAD place"),
    "liability_cap.words": Strength(0.95, 26, "CUAD place"),
    "deadline.by_date": Strength(0.60, source="not measured"),
    "deadline.renewal_notice": Strength(0.70, source="not measured"),
    "citation.code": Strength(0.95, source="by form"),
    "citation.act": Strength(0.90, source="by form"),
    "citation.european": Strength(0.95, source="by form"),
    "citation.rule": Strength(0.85, source="not measured"),
    "citation.ru_article": Strength(0.95, source="by form"),
    "citation.ru_law": Strength(0.95, source="by form"),
    "person.signed": Strength(0.85, source="not measured"),
    "person.ru_acting": Strength(0.95, source="by form"),
    "address.located": Strength(0.80, source="not measured"),
    "address.ru_labelled": Strength(0.80, source="not measured"),
    "email.written": Strength(0.98, source="by form"),
    "phone.labelled": Strength(0.85, source="not measured"),
    "identifier.checked": Strength(0.99, source="by form"),
    "identifier.labelled": Strength(0.90, source="by form"),
    "identifier.failed": Strength(0.30, source="not measured"),
}
"""Every rule, by ``field.rule``; a rule that is not here is an error."""


def strength(rule: str) -> Strength:
    return MEASURED[rule]
