import pytest

from lexmill_legal.classify.titles import find_titles


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("WAREHOUSE LEASE AGREEMENT\n\nThis Warehouse Lease Agreement is made", None),
        ("PARENT GUARANTY AGREEMENT\n\nTHIS PARENT GUARANTY AGREEMENT is made", None),
        ("SHIPPING SERVICE AGREEMENT\nContract Number: 18-4\n\nThe parties", None),
        ("SHIPPING SERVICE AGREEMENT Contract No. 18 4711\n\nThe parties", None),
        (
            "ДОГОВОР ПОДРЯДА\nна ремонт кровли № К-4\n\nг. Тула",
            "ДОГОВОР ПОДРЯДА на ремонт кровли № К-4",
        ),
        ("ДОГОВОР\nкупли-продажи станка\nг. Тула\n", "ДОГОВОР купли-продажи станка"),
        ("ДОГОВОР АРЕНДЫ\nг. Тула\n\nОбщество", "ДОГОВОР АРЕНДЫ"),
        ("ДОГОВОР АРЕНДЫ\nзаключён между\nсторонами", "ДОГОВОР АРЕНДЫ"),
    ],
)
def test_a_title_is_whole(text: str, name: str | None) -> None:
    title = find_titles(text)[0]
    whole = name or text.partition("\n")[0].partition(" Contract")[0]
    assert title.name == whole
    assert " ".join(text[title.start : title.end].split()) == whole


def test_a_russian_title_whose_end_is_unclear_is_not_strong() -> None:
    text = "ДОГОВОР АРЕНДЫ\nскладов, стоящих на берегу реки\nУпы и принадлежащих\nобществу"
    assert not find_titles(text)[0].strong
    assert find_titles("ДОГОВОР АРЕНДЫ\nскладов на берегу\n\nОбщество")[0].strong
