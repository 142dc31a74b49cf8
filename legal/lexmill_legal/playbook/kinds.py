from typing import Literal

Kind = Literal["text", "place", "flag", "date", "duration", "money", "percent"]
"""What a field's values are, which says how an operand is written and what can be compared."""

FIELD_KINDS: dict[str, Kind] = {
    "document_name": "text",
    "document_type": "text",
    "party": "text",
    "agreement_date": "date",
    "effective_date": "date",
    "expiration_date": "date",
    "term": "duration",
    "renewal_term": "duration",
    "auto_renewal": "flag",
    "renewal_notice_period": "duration",
    "termination_notice_period": "duration",
    "governing_law": "place",
    "dispute_forum": "place",
    "amount": "money",
    "percent": "percent",
    "payment_term": "duration",
    "liability_cap": "money",
    "deadline": "date",
    "citation": "text",
    "person": "text",
    "address": "text",
    "email": "text",
    "phone": "text",
    "identifier": "text",
}

ORDERED_KINDS: frozenset[Kind] = frozenset({"date", "duration", "money", "percent"})

FIRM_ABSENCE = frozenset({"document_name", "governing_law"})
"""Fields that are found so surely (recall of .95 and more) that not finding one means something.

All others may be there and missed: a rule that concludes from their absence is *unknown*.
"""

UNREADABLE = frozenset(
    {
        "needs_ocr",
        "page_unreadable",
        "page_without_text",
        "pages_without_text",
        "part_unreadable",
        "text_truncated",
        "truncated",
    }
)
"""Warnings that say that some of the document was not read."""

CUAD_KINDS = (
    "document_name",
    "parties",
    "agreement_date",
    "effective_date",
    "expiration_date",
    "renewal_term",
    "notice_period_to_terminate_renewal",
    "governing_law",
    "most_favored_nation",
    "non_compete",
    "exclusivity",
    "no_solicit_of_customers",
    "competitive_restriction_exception",
    "no_solicit_of_employees",
    "non_disparagement",
    "termination_for_convenience",
    "rofr_rofo_rofn",
    "change_of_control",
    "anti_assignment",
    "revenue_profit_sharing",
    "price_restrictions",
    "minimum_commitment",
    "volume_restriction",
    "ip_ownership_assignment",
    "joint_ip_ownership",
    "license_grant",
    "non_transferable_license",
    "affiliate_license_licensor",
    "affiliate_license_licensee",
    "unlimited_all_you_can_eat_license",
    "irrevocable_or_perpetual_license",
    "source_code_escrow",
    "post_termination_services",
    "audit_rights",
    "uncapped_liability",
    "cap_on_liability",
    "liquidated_damages",
    "warranty_duration",
    "insurance",
    "covenant_not_to_sue",
    "third_party_beneficiary",
)

BOILERPLATE_KINDS = (
    "confidentiality",
    "indemnification",
    "force_majeure",
    "entire_agreement",
    "notices",
    "severability",
    "counterparts",
    "term",
    "payment",
)

CLAUSE_KINDS = CUAD_KINDS + BOILERPLATE_KINDS
"""Every kind a rule may name: CUAD's 41 and the boilerplate that CUAD lacks."""
