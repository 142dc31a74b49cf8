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

LONG = """\
CLEANING AGREEMENT

This Cleaning Agreement (this "Agreement") is made as of April 2, 2024 by and between Cedar Care \
LLC, an Ohio limited liability company ("Cleaner"), and Dogwood Schools Inc., an Ohio corporation \
("School").

1. Services

1.1 Cleaner shall clean the rooms that are listed in Schedule A on each school day after five in \
the afternoon and before seven in the morning of the following day.

1.2 Cleaner shall use only agents that do not stain wood, and shall put each chair and each table \
back where it stood. School shall name a person who answers questions on the day they are asked.

1.3 School shall give Cleaner keys for all rooms. Cleaner shall keep a list of who carries \
them and shall return all keys within two days after School asks for them.

2. People

2.1 Cleaner shall send people who know the work, who speak English, and who have been told of the \
rules of the house. School may ask that a person not be sent again and need not say why.

2.2 Cleaner shall pay its people, and shall pay the taxes that the law asks for on their wages.

3. Payment

3.1 School shall pay Cleaner two thousand dollars ($2,000) for each month. Cleaner shall \
send an invoice on the first day of the month for the month before, and School shall pay each \
invoice within thirty (30) days after receipt.

3.2 The price includes agents, machines and travel. A room that is not in Schedule A costs forty \
dollars ($40) for each evening on which School asks in writing that it be cleaned as well.

4. Term

4.1 This Agreement begins on May 1, 2024 and ends on April 30, 2026.

4.2 Either party may terminate this Agreement by written notice if the other party breaks a duty \
under it and does not cure the breach within fifteen (15) days after it was told of it.

5. Damage

5.1 If a person sent by Cleaner breaks a thing of School, Cleaner shall replace the thing with one \
that is as good, or pay what it costs. Cleaner shall tell School of each damage on the same day.

5.2 School shall tell Cleaner of loose floors, broken lamps and wet stairs before each evening.

6. Assignment

Neither party may assign this Agreement without the prior written consent of the other party.

7. Governing Law

This Agreement shall be governed by and construed in accordance with the laws of the State of Ohio.

8. Notices

All notices under this Agreement shall be in writing and shall be sent by registered mail to the \
address that the other party has given last. A notice counts from the day on which it arrives.

9. Amendments

No change of this Agreement counts unless both parties have signed it.

10. Quality

10.1 On the first Monday of each month the parties walk through all rooms together and write down \
what is not clean. Cleaner shall clean again what they wrote down within two days and without pay.

10.2 If the same room is written down three times in a row, School may have it cleaned by somebody \
else in the following month and pay the price of that room to that somebody.

IN WITNESS WHEREOF, the parties have executed this Agreement as of the date first written above.

Cedar Care LLC

By: ______________
Name: Ruth Amber
Title: Manager

Dogwood Schools Inc.

By: ______________
Name: Paul Stone
Title: President
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
