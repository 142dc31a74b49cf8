"""Small real documents, made in the test that reads them."""

import io
import struct
import zipfile
import zlib
from collections.abc import Iterable, Mapping

from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

PAGE = (612.0, 792.0)
_W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
NAMESPACES = (
    f'xmlns:w="{_W}"'
    ' xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"'
    ' xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"'
    ' xmlns:wps="http://schemas.microsoft.com/office/word/2010/wordprocessingShape"'
    ' xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"'
    ' xmlns:v="urn:schemas-microsoft-com:vml"'
    ' xmlns:m="http://schemas.openxmlformats.org/officeDocument/2006/math"'
)
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


def part(root: str, content: str) -> str:
    return f'<?xml version="1.0" encoding="UTF-8"?><w:{root} {NAMESPACES}>{content}</w:{root}>'


def run(text: str, properties: str = "") -> str:
    properties = f"<w:rPr>{properties}</w:rPr>" if properties else ""
    return f'<w:r>{properties}<w:t xml:space="preserve">{text}</w:t></w:r>'


def paragraph(content: str, properties: str = "") -> str:
    """``content`` is text, or runs where it begins with a tag."""
    inner = content if content.startswith("<") or not content else run(content)
    return f"<w:p><w:pPr>{properties}</w:pPr>{inner}</w:p>"


def table(rows: Iterable[Iterable[str]]) -> str:
    """Cells are text, or blocks where they begin with a tag."""
    lines = []
    for row in rows:
        cells = (cell if cell.startswith("<") else paragraph(cell) for cell in row)
        lines.append("<w:tr>" + "".join(f"<w:tc>{cell}</w:tc>" for cell in cells) + "</w:tr>")
    return f"<w:tbl>{''.join(lines)}</w:tbl>"


def deleted(text: str, author: str = "Ann") -> str:
    return f'<w:del w:author="{author}"><w:r><w:delText>{text}</w:delText></w:r></w:del>'


def inserted(text: str, author: str = "Ann") -> str:
    return f'<w:ins w:author="{author}">{run(text)}</w:ins>'


def docx(
    body: str,
    parts: Mapping[str, str] | None = None,
    relationships: Mapping[str, tuple[str, str]] | None = None,
    binaries: Mapping[str, bytes] | None = None,
) -> bytes:
    """``parts`` by their names in the folder word/; ``relationships``: id -> kind, target."""
    links = "".join(
        f'<Relationship Id="{key}" Type="{_OFFICE}/{kind}" Target="{target}"/>'
        for key, (kind, target) in (relationships or {}).items()
    )
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr(
            "_rels/.rels",
            f'<Relationships><Relationship Id="rId1" Type="{_OFFICE}/officeDocument"'
            ' Target="word/document.xml"/></Relationships>',
        )
        archive.writestr("word/document.xml", part("document", f"<w:body>{body}</w:body>"))
        archive.writestr("word/_rels/document.xml.rels", f"<Relationships>{links}</Relationships>")
        for name, content in (parts or {}).items():
            archive.writestr(f"word/{name}", content)
        for name, data in (binaries or {}).items():
            archive.writestr(name, data)
    return buffer.getvalue()


class Pdf:
    """A PDF page by page; positions count from the top left, as the results do."""

    def __init__(self, size: tuple[float, float] = PAGE, *, password: str | None = None) -> None:
        self._buffer = io.BytesIO()
        self.canvas = Canvas(self._buffer, pagesize=size, encrypt=password, invariant=1)
        self._size = size

    def text(self, x: float, y: float, text: str, *, size: float = 12) -> "Pdf":
        self.canvas.setFont("Helvetica", size)
        self.canvas.drawString(x, self._size[1] - y, text)
        return self

    def lines(self, *texts: str, x: float = 72, y: float = 72, pitch: float = 14) -> "Pdf":
        for number, text in enumerate(texts):
            self.text(x, y + number * pitch, text)
        return self

    def picture(self, x: float, y: float, width: float, height: float) -> "Pdf":
        self.canvas.drawImage(
            ImageReader(io.BytesIO(GREY)), x, self._size[1] - y - height, width, height
        )
        return self

    def page(self) -> "Pdf":
        self.canvas.showPage()
        return self

    def save(self) -> bytes:
        self.canvas.save()
        return self._buffer.getvalue()


def _grey_picture() -> bytes:
    """A PNG of two grey levels, as a scan would be."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    rows = b"".join(b"\0" + bytes([100, 200] * 4) for _ in range(8))
    header = struct.pack(">IIBBBBB", 8, 8, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )


GREY = _grey_picture()
