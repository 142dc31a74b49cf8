"""The roles a party can have, in both languages, as one vocabulary."""

from typing import Final

_ROLES: Final = {
    "licensor": "licensor", "licensee": "licensee", "supplier": "supplier", "vendor": "supplier",
    "manufacturer": "manufacturer", "buyer": "buyer", "purchaser": "buyer", "seller": "seller",
    "customer": "customer", "client": "customer", "provider": "provider",
    "service provider": "provider", "contractor": "contractor", "subcontractor": "contractor",
    "consultant": "consultant", "distributor": "distributor", "reseller": "reseller",
    "dealer": "distributor", "agent": "agent", "principal": "principal", "lessor": "lessor",
    "lessee": "lessee", "landlord": "lessor", "tenant": "lessee", "borrower": "borrower",
    "lender": "lender", "employer": "employer", "employee": "employee", "executive": "employee",
    "franchisor": "franchisor", "franchisee": "franchisee", "company": "company",
    "sponsor": "sponsor", "publisher": "publisher", "guarantor": "guarantor",
    "disclosing party": "disclosing_party", "receiving party": "receiving_party",
    "discloser": "disclosing_party", "recipient": "receiving_party", "owner": "owner",
    "operator": "operator", "assignor": "assignor", "assignee": "assignee",
    "grantor": "grantor", "grantee": "grantee", "investor": "investor", "issuer": "issuer",
    "shipper": "shipper", "carrier": "carrier", "transporter": "carrier", "bank": "bank",
    "escrow agent": "escrow_agent", "trustee": "trustee", "affiliate": "affiliate",
    "endorser": "endorser", "talent": "endorser", "athlete": "endorser", "host": "provider",
    "developer": "developer", "marketer": "agent", "representative": "agent",
    "sublicensee": "licensee", "sublessor": "lessor", "sublessee": "lessee",
    "поставщик": "supplier", "покупатель": "buyer", "продавец": "seller",
    "заказчик": "customer", "исполнитель": "provider", "подрядчик": "contractor",
    "субподрядчик": "contractor", "генподрядчик": "customer", "арендодатель": "lessor",
    "арендатор": "lessee", "субарендатор": "lessee", "наймодатель": "lessor",
    "наниматель": "lessee", "лизингодатель": "lessor", "лизингополучатель": "lessee",
    "лицензиар": "licensor", "лицензиат": "licensee", "сублицензиат": "licensee",
    "займодавец": "lender", "заимодавец": "lender", "заемщик": "borrower",
    "заёмщик": "borrower", "кредитор": "lender", "работодатель": "employer",
    "работник": "employee", "агент": "agent", "принципал": "principal",
    "комиссионер": "agent", "комитент": "principal", "поверенный": "agent",
    "доверитель": "principal", "дистрибьютор": "distributor", "дилер": "distributor",
    "правообладатель": "licensor", "пользователь": "licensee", "перевозчик": "carrier",
    "экспедитор": "carrier", "клиент": "customer", "грузоотправитель": "shipper",
    "банк": "bank", "поручитель": "guarantor", "залогодатель": "pledgor",
    "залогодержатель": "pledgee", "цедент": "assignor", "цессионарий": "assignee",
    "раскрывающая сторона": "disclosing_party", "получающая сторона": "receiving_party",
    "абонент": "customer", "оператор": "operator", "хранитель": "custodian",
    "поклажедатель": "customer", "страховщик": "insurer", "страхователь": "insured",
    "компания": "company", "разработчик": "developer", "принимающая сторона": "receiving_party",
}  # fmt: skip

ROLES: Final = tuple(sorted(set(_ROLES.values())))
"""Every value of the attribute ``role`` of a party; names are never changed, only added."""


def role_of(alias: str) -> str | None:
    """The role that a defined name states; a mere short name states none."""
    name = " ".join(alias.lower().split()).removeprefix("the ")
    return _ROLES.get(name)
