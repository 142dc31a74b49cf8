import time

import pytest

from tests.legal.redaction.finding_in import mentions_in

SIZE = 100_000


@pytest.mark.parametrize(
    "piece",
    ["Aa ", "A. ", "Aa A. ", "Aa\n", "A", "1 ", "1-", "+1 (1", "1,", "(1) ", "г. А, ", "А.А. Аа ",
     "Иванов Иван Иванович ", "Name: ", "a@", "a.a.a@a.", "__", "account number ", "Mr. ",
     "12 Aa Street, ", "123456, г. А, ", "AA00 AAAA ", "social security ", "Адрес: ", " ", "\n",
     "residing at 1", "'s ", "born on 1 ", "Aaov Bbov, ", "Aa-", "Name: Aaov Bbov\n"],
)  # fmt: skip
def test_a_pattern_repeated_takes_time_only_by_its_length(piece: str) -> None:
    text = (piece * (SIZE // len(piece) + 1))[:SIZE]
    start = time.process_time()
    found = mentions_in(text)
    assert time.process_time() - start < 5
    assert all(0 <= each.start < each.end <= len(text) for each in found)


def test_many_persons_take_time_only_by_their_number() -> None:
    names = [f"{chr(1040 + i % 32)}{chr(1072 + i // 32 % 32)}ров Иван Иванович" for i in range(900)]
    start = time.process_time()
    found = mentions_in("\n".join(names))
    assert time.process_time() - start < 5
    assert len(found) == len(names)
    assert len({each.subject for each in found}) == len(set(names))
