"""Contracts that we wrote: none is, or resembles, one that the shipped model was made from."""

from lexmill_legal.clauses import find_clauses
from lexmill_legal.results import Classification, Clause, ParsedDocument
from lexmill_legal.segment import segment

SERVICES = """\
SERVICES AGREEMENT

This Services Agreement (this "Agreement") is entered into as of March 1, 2024 by and between \
Alder Works LLC, a Delaware limited liability company ("Provider"), and Birch Stores Inc., \
a New York corporation ("Client").

1. Services

Provider shall perform the services described in Exhibit A with reasonable care and skill.

2. Payment

Client shall pay each undisputed invoice within thirty (30) days after receipt of the invoice.

3. Term

This Agreement shall commence on the Effective Date and continue until February 28, 2027, unless \
earlier terminated as provided herein. Thereafter it shall automatically renew for successive \
one-year terms unless either party gives written notice of non-renewal at least sixty (60) days \
prior to the end of the then current term.

4. Limitation of Liability

In no event shall either party's aggregate liability arising out of this Agreement exceed the fees \
paid by Client in the twelve months preceding the claim.

5. Assignment

Neither party may assign this Agreement without the prior written consent of the other party.

6. Insurance

Provider shall maintain commercial general liability insurance with limits of not less than \
$1,000,000 per occurrence during the term of this Agreement.

7. Audit

Client may, upon reasonable notice, audit the books and records of Provider to verify the amounts \
invoiced under this Agreement.

8. Governing Law

This Agreement shall be governed by and construed in accordance with the laws of the State of New \
York, without regard to its conflict of laws principles.

9. Miscellaneous

9.1 Severability. If any provision of this Agreement is held invalid, the remaining provisions \
shall remain in full force and effect.

9.2 Entire Agreement. This Agreement constitutes the entire agreement between the parties and \
supersedes all prior agreements.

9.3 Counterparts. This Agreement may be executed in counterparts, each of which is an original.

IN WITNESS WHEREOF, the parties have executed this Agreement.
"""

SUPPLY_RUSSIAN = """\
ДОГОВОР ПОСТАВКИ № 7

ООО «Ольха», именуемое в дальнейшем «Поставщик», и ООО «Берёза», именуемое в дальнейшем \
«Покупатель», заключили настоящий договор о нижеследующем.

1. Предмет договора

1.1. Поставщик обязуется передать Покупателю товар, а Покупатель обязуется принять и оплатить его.

2. Цена и порядок расчетов

2.1. Покупатель оплачивает товар в течение 30 дней со дня поставки.

3. Ответственность сторон

3.1. За просрочку оплаты Покупатель уплачивает неустойку в размере 0,1 % за каждый день.

4. Обстоятельства непреодолимой силы

4.1. Стороны освобождаются от ответственности, если исполнение стало невозможным.

5. Конфиденциальность

5.1. Стороны обязуются не разглашать сведения, полученные друг от друга.

6. Заключительные положения

6.1. Настоящий договор регулируется законодательством Российской Федерации.

6.2. Ни одна из сторон не вправе уступать свои права без согласия другой стороны.
"""


def clauses_of(text: str, *languages: str) -> dict[str, Clause]:
    parsed = ParsedDocument(media_type="text/plain", text=text)
    found = find_clauses(parsed, Classification(languages or ("en",)), segment(parsed))
    return {clause.kind: clause for clause in found}
