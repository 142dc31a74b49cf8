"""A PDF whose letters mean what we say: Latin glyphs that stand for any characters."""

from collections.abc import Sequence


def coded_pdf(*lines: str, extra: str = "") -> bytes:
    """One page; each character is drawn as some glyph of Courier, and mapped to itself."""
    characters = sorted(set("".join(lines)))
    codes = {char: code for code, char in enumerate(characters, 65)}
    mapped = "\n".join(
        f"<{code:02X}> <{char.encode('utf-16-be').hex()}>" for char, code in codes.items()
    )
    unicode = (
        "/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapName /M def"
        " /CMapType 2 def 1 begincodespacerange <00> <FF> endcodespacerange\n"
        f"{len(codes)} beginbfchar\n{mapped}\nendbfchar\nendcmap end end"
    )
    written = "".join(
        f"BT /F1 12 Tf 72 {720 - 16 * number} Td <{_coded(line, codes)}> Tj ET\n"
        for number, line in enumerate(lines)
    )
    return assembled(
        [
            "<</Type/Catalog/Pages 2 0 R>>",
            "<</Type/Pages/Count 1/Kids[3 0 R]>>",
            "<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents 4 0 R/Resources 7 0 R>>",
            stream(written + extra),
            "<</Type/Font/Subtype/Type1/BaseFont/Courier/ToUnicode 6 0 R>>",
            stream(unicode),
            "<</Font<</F1 5 0 R>>>>",
        ]
    )


def _coded(line: str, codes: dict[str, int]) -> str:
    return "".join(f"{codes[char]:02x}" for char in line)


def stream(content: str) -> str:
    return f"<</Length {len(content)}>>\nstream\n{content}\nendstream"


def assembled(objects: Sequence[str]) -> bytes:
    data = b"%PDF-1.5\n"
    places = []
    for number, item in enumerate(objects, 1):
        places.append(len(data))
        data += f"{number} 0 obj\n{item}\nendobj\n".encode("latin-1")
    table = "".join(f"{place:010d} 00000 n \n" for place in places)
    size = len(objects) + 1
    return (
        data
        + (
            f"xref\n0 {size}\n0000000000 65535 f \n{table}trailer\n<</Size {size}/Root 1 0 R>>\n"
            f"startxref\n{len(data)}\n%%EOF\n"
        ).encode()
    )
