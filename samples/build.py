"""Make the binary samples from `sources/`; run by hand: `.venv/bin/python samples/build.py`.

The same sources, fonts and library versions give the same bytes. `README.md` explains the markup.
"""

import argparse
import hashlib
import io
import re
import sys
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from functools import partial
from pathlib import Path
from typing import Any, Literal, NamedTuple
from xml.sax.saxutils import escape, quoteattr

import pypdfium2
from reportlab.lib.enums import TA_CENTER, TA_JUSTIFY, TA_RIGHT
from reportlab.lib.pagesizes import A4, LETTER
from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import (
    KeepTogether,
    PageBreak,
    Paragraph,
    SimpleDocTemplate,
    Spacer,
    Table,
    TableStyle,
)

HERE = Path(__file__).resolve().parent
FONT_FOLDERS = (
    "/usr/share/fonts/truetype/dejavu",  # Debian and Ubuntu: fonts-dejavu-core
    "/usr/share/fonts/dejavu-serif-fonts",  # Fedora
    "/usr/share/fonts/TTF",  # Arch
    "/opt/homebrew/share/fonts",
    "/Library/Fonts",
    "~/Library/Fonts",
    "~/.local/share/fonts",
    "C:/Windows/Fonts",
)
FONT_FILES = ("DejaVuSerif.ttf", "DejaVuSerif-Bold.ttf")
STAMP = (2024, 1, 1, 0, 0, 0)
PASSWORD = "lexmill"  # noqa: S105 - a sample's password, written in the README too

Kind = Literal["title", "center", "right", "heading", "auto", "para", "table", "sides", "break"]


class Block(NamedTuple):
    kind: Kind
    text: str = ""
    level: int = 0
    rows: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True)
class Source:
    meta: dict[str, str]
    blocks: tuple[Block, ...]

    @property
    def serif(self) -> bool:
        return self.meta.get("font", "serif") == "serif"


class Span(NamedTuple):
    """A run of text with one look; `mark` says what else it is."""

    text: str
    bold: bool = False
    mark: Literal["", "insertion", "deletion", "footnote", "comment", "break"] = ""
    author: str = ""
    date: str = ""
    anchor: str = ""


INLINE = re.compile(
    r"(?P<bold>\*\*)"
    r"|\{\+(?P<ins_by>[^@|}]+)@(?P<ins_on>[^|]+)\|(?P<ins>.*?)\+\}"
    r"|\{-(?P<del_by>[^@|}]+)@(?P<del_on>[^|]+)\|(?P<deleted>.*?)-\}"
    r"|\{\^(?P<note>.*?)\^\}"
    r"|\{!(?P<by>[^@|}]+)@(?P<on>[^|]+)\|(?P<comment>[^|]*)\|(?P<anchor>.*?)!\}"
    r"|(?P<br><br>)"
)


def read(path: Path) -> Source:
    head, _, body = path.read_text(encoding="utf-8").partition("\n\n")
    meta = dict(line.split(": ", 1) for line in head.splitlines())
    return Source(meta, tuple(_block(part) for part in re.split(r"\n\s*\n", body) if part.strip()))


def _block(part: str) -> Block:
    lines = [line.strip() for line in part.strip().splitlines()]
    first = lines[0]
    if first == "---":
        return Block("break")
    if first.startswith("|"):
        rows = tuple(
            tuple(cell.strip() for cell in line.lstrip("|").rstrip("|").split("|"))
            for line in lines
        )
        return Block("sides" if first.startswith("||") else "table", rows=rows)
    text = " ".join(lines)
    prefixes: tuple[tuple[str, Kind, int], ...] = (
        ("## ", "heading", 0),
        ("#1 ", "auto", 0),
        ("#2 ", "auto", 1),
        ("#3 ", "auto", 2),
        ("# ", "title", 0),
        ("^ ", "center", 0),
        ("> ", "right", 0),
    )
    for prefix, kind, level in prefixes:
        if text.startswith(prefix):
            return Block(kind, text.removeprefix(prefix), level)
    return Block("para", text)


def spans(text: str) -> Iterator[Span]:
    bold = False
    at = 0
    for found in INLINE.finditer(text):
        if found.start() > at:
            yield Span(text[at : found.start()], bold)
        at = found.end()
        if found["bold"]:
            bold = not bold
        elif found["ins"]:
            yield Span(found["ins"], bold, "insertion", found["ins_by"], found["ins_on"])
        elif found["deleted"]:
            yield Span(found["deleted"], bold, "deletion", found["del_by"], found["del_on"])
        elif found["note"]:
            yield Span(found["note"], bold, "footnote")
        elif found["comment"]:
            yield Span(found["comment"], bold, "comment", found["by"], found["on"], found["anchor"])
        else:
            yield Span("", bold, "break")
    if at < len(text):
        yield Span(text[at:], bold)


# --- DOCX: a zip of XML, written by hand so that nothing but the text changes it -----------------

W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
WORD_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml."


@dataclass
class Docx:
    source: Source
    footnotes: list[str] = field(default_factory=list)
    comments: list[Span] = field(default_factory=list)
    changes: int = 0

    def build(self) -> bytes:
        body = "".join(self._block(block) for block in self.source.blocks)
        size = '<w:pgSz w:w="12240" w:h="15840"/>'
        if self.source.meta.get("paper", "a4") == "a4":
            size = '<w:pgSz w:w="11906" w:h="16838"/>'
        section = (
            f'<w:sectPr><w:footerReference w:type="default" r:id="rId4"/>{size}'
            '<w:pgMar w:top="1304" w:right="1304" w:bottom="1304" w:left="1304" w:header="624" '
            'w:footer="624" w:gutter="0"/></w:sectPr>'
        )
        document = _word("document", f"<w:body>{body}{section}</w:body>")
        parts = {
            "[Content_Types].xml": self._content_types(),
            "_rels/.rels": _relations(
                ("officeDocument", "word/document.xml"),
                ("metadata/core-properties", "docProps/core.xml"),
            ),
            "docProps/core.xml": self._core(),
            "word/_rels/document.xml.rels": _relations(
                ("styles", "styles.xml"),
                ("numbering", "numbering.xml"),
                ("settings", "settings.xml"),
                ("footer", "footer1.xml"),
                *([("footnotes", "footnotes.xml")] if self.footnotes else []),
                *([("comments", "comments.xml")] if self.comments else []),
            ),
            "word/document.xml": document,
            "word/footer1.xml": self._footer(),
            "word/numbering.xml": NUMBERING,
            "word/settings.xml": self._settings(),
            "word/styles.xml": self._styles(),
        }
        if self.footnotes:
            parts["word/footnotes.xml"] = self._footnotes()
        if self.comments:
            parts["word/comments.xml"] = self._comments()
        return _zip({name: text.encode() for name, text in parts.items()})

    def _block(self, block: Block) -> str:
        if block.kind == "break":
            return '<w:p><w:r><w:br w:type="page"/></w:r></w:p>'
        if block.kind in {"table", "sides"}:
            return self._table(block)
        styles: dict[Kind, str] = {
            "title": "Title",
            "center": "Centered",
            "right": "RightAligned",
            "heading": "Heading1",
        }
        style = styles.get(block.kind, "")
        number = ""
        if block.kind == "auto":
            style = ("Heading1", "Clause", "Subclause")[block.level]
            number = f'<w:numPr><w:ilvl w:val="{block.level}"/><w:numId w:val="1"/></w:numPr>'
        return self._paragraph(block.text, style, number)

    def _paragraph(self, text: str, style: str = "", number: str = "") -> str:
        look = f'<w:pStyle w:val="{style}"/>' if style else ""
        runs = "".join(self._run(span) for span in spans(text))
        return f"<w:p><w:pPr>{look}{number}</w:pPr>{runs}</w:p>"

    def _run(self, span: Span) -> str:
        look = "<w:rPr><w:b/></w:rPr>" if span.bold else ""
        words = f'<w:r>{look}<w:t xml:space="preserve">{escape(span.text)}</w:t></w:r>'
        by = f"w:author={quoteattr(span.author)} w:date={quoteattr(span.date)}"
        match span.mark:
            case "break":
                return "<w:r><w:br/></w:r>"
            case "insertion":
                self.changes += 1
                return f'<w:ins w:id="{900 + self.changes}" {by}>{words}</w:ins>'
            case "deletion":
                self.changes += 1
                gone = words.replace("w:t>", "w:delText>").replace("<w:t ", "<w:delText ")
                return f'<w:del w:id="{900 + self.changes}" {by}>{gone}</w:del>'
            case "footnote":
                self.footnotes.append(span.text)
                return (
                    '<w:r><w:rPr><w:rStyle w:val="FootnoteReference"/></w:rPr>'
                    f'<w:footnoteReference w:id="{len(self.footnotes)}"/></w:r>'
                )
            case "comment":
                n = len(self.comments)
                self.comments.append(span)
                anchor = "".join(self._run(part) for part in spans(span.anchor))
                return (
                    f'<w:commentRangeStart w:id="{n}"/>{anchor}<w:commentRangeEnd w:id="{n}"/>'
                    '<w:r><w:rPr><w:rStyle w:val="CommentReference"/></w:rPr>'
                    f'<w:commentReference w:id="{n}"/></w:r>'
                )
            case _:
                return words

    def _table(self, block: Block) -> str:
        columns = max(len(row) for row in block.rows)
        width = 9200 // columns
        lined = block.kind == "table"
        style = "Grid" if lined else "Sides"
        rows = ""
        for index, row in enumerate(block.rows):
            cells = ""
            for cell in row:
                text = f"**{cell}**" if lined and index == 0 else cell
                paragraphs = "".join(
                    self._paragraph(part, "Cell" if lined else "Side") for part in text.split("<p>")
                )
                size = f'<w:tcPr><w:tcW w:w="{width}" w:type="dxa"/></w:tcPr>'
                cells += f"<w:tc>{size}{paragraphs}</w:tc>"
            rows += f"<w:tr><w:trPr><w:cantSplit/></w:trPr>{cells}</w:tr>"
        grid = f'<w:gridCol w:w="{width}"/>' * columns
        return (
            f'<w:tbl><w:tblPr><w:tblStyle w:val="{style}"/><w:tblW w:w="{width * columns}" '
            f'w:type="dxa"/></w:tblPr><w:tblGrid>{grid}</w:tblGrid>{rows}</w:tbl>'
            '<w:p><w:pPr><w:spacing w:after="60"/></w:pPr></w:p>'
        )

    def _content_types(self) -> str:
        parts = ["styles", "numbering", "settings"]
        parts += ["footnotes"] if self.footnotes else []
        parts += ["comments"] if self.comments else []
        overrides = "".join(
            f'<Override PartName="/word/{part}.xml" ContentType="{WORD_TYPE}{part}+xml"/>'
            for part in parts
        )
        core = "application/vnd.openxmlformats-package.core-properties+xml"
        return (
            f'{HEAD}<Types xmlns="{PACKAGE}/content-types">'
            '<Default Extension="rels" '
            'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
            '<Default Extension="xml" ContentType="application/xml"/>'
            f'<Override PartName="/word/document.xml" ContentType="{WORD_TYPE}document.main+xml"/>'
            f'<Override PartName="/word/footer1.xml" ContentType="{WORD_TYPE}footer+xml"/>'
            f'<Override PartName="/docProps/core.xml" ContentType="{core}"/>{overrides}</Types>'
        )

    def _core(self) -> str:
        made = "2024-01-01T00:00:00Z"
        when = 'xsi:type="dcterms:W3CDTF"'
        return (
            f'{HEAD}<cp:coreProperties xmlns:cp="{PACKAGE}/metadata/core-properties" '
            'xmlns:dc="http://purl.org/dc/elements/1.1/" '
            'xmlns:dcterms="http://purl.org/dc/terms/" '
            'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
            f"<dc:title>{escape(self.source.meta['title'])}</dc:title>"
            "<dc:creator>Lexmill samples</dc:creator>"
            f"<dcterms:created {when}>{made}</dcterms:created>"
            f"<dcterms:modified {when}>{made}</dcterms:modified></cp:coreProperties>"
        )

    def _settings(self) -> str:
        track = "<w:trackRevisions/>" if self.changes else ""
        notes = ""
        if self.footnotes:
            marks = '<w:footnote w:id="-1"/><w:footnote w:id="0"/>'
            notes = f"<w:footnotePr>{marks}</w:footnotePr>"
        return _word("settings", f'{track}<w:defaultTabStop w:val="709"/>{notes}')

    def _footer(self) -> str:
        def code(name: str) -> str:
            return f'<w:fldSimple w:instr=" {name} "><w:r><w:t>1</w:t></w:r></w:fldSimple>'

        text = escape(self.source.meta["footer"])
        return _word(
            "ftr",
            '<w:p><w:pPr><w:pStyle w:val="Footer"/></w:pPr>'
            f'<w:r><w:t xml:space="preserve">{text} · </w:t></w:r>{code("PAGE")}'
            f'<w:r><w:t xml:space="preserve"> / </w:t></w:r>{code("NUMPAGES")}</w:p>',
        )

    def _footnotes(self) -> str:
        lines = "".join(
            f'<w:footnote w:type="{kind}" w:id="{number}"><w:p><w:r><w:{kind}/></w:r></w:p>'
            "</w:footnote>"
            for kind, number in (("separator", -1), ("continuationSeparator", 0))
        )
        for number, note in enumerate(self.footnotes, 1):
            lines += (
                f'<w:footnote w:id="{number}"><w:p><w:pPr><w:pStyle w:val="FootnoteText"/></w:pPr>'
                '<w:r><w:rPr><w:rStyle w:val="FootnoteReference"/></w:rPr><w:footnoteRef/></w:r>'
                f'<w:r><w:t xml:space="preserve"> {escape(note)}</w:t></w:r></w:p></w:footnote>'
            )
        return _word("footnotes", lines)

    def _comments(self) -> str:
        lines = ""
        for number, comment in enumerate(self.comments):
            by = f"w:author={quoteattr(comment.author)} w:date={quoteattr(comment.date)}"
            initials = "".join(part[0] for part in comment.author.split())
            lines += (
                f'<w:comment w:id="{number}" {by} w:initials="{initials}">'
                '<w:p><w:pPr><w:pStyle w:val="CommentText"/></w:pPr>'
                f"<w:r><w:t>{escape(comment.text)}</w:t></w:r></w:p></w:comment>"
            )
        return _word("comments", lines)

    def _styles(self) -> str:
        font = "Times New Roman" if self.source.serif else "Calibri"
        language = self.source.meta["language"]
        spell = {"en": "en-GB", "ru": "ru-RU", "us": "en-US"}[language]

        def style(name: str, look: str, text: str = "", kind: str = "paragraph") -> str:
            based = '<w:basedOn w:val="Normal"/>' if kind == "paragraph" else ""
            look = f"<w:pPr>{look}</w:pPr>" if look else ""
            text = f"<w:rPr>{text}</w:rPr>" if text else ""
            return (
                f'<w:style w:type="{kind}" w:styleId="{name}"><w:name w:val="{STYLE_NAMES[name]}"/>'
                f"{based}{look}{text}</w:style>"
            )

        rule = '<w:{0} w:val="single" w:sz="4" w:space="0" w:color="808080"/>'
        edges = "".join(
            rule.format(edge) for edge in ("top", "left", "bottom", "right", "insideH", "insideV")
        )
        margins = (
            '<w:tblCellMar><w:left w:w="85" w:type="dxa"/><w:right w:w="85" w:type="dxa"/>'
            "</w:tblCellMar>"
        )
        small = '<w:sz w:val="18"/>'
        raised = '<w:vertAlign w:val="superscript"/>'
        center = '<w:jc w:val="center"/>'
        left = '<w:jc w:val="left"/>'
        keep = "<w:keepNext/>"
        return _word(
            "styles",
            f'<w:docDefaults><w:rPrDefault><w:rPr><w:rFonts w:ascii="{font}" w:hAnsi="{font}" '
            f'w:cs="{font}"/><w:sz w:val="22"/><w:lang w:val="{spell}"/></w:rPr></w:rPrDefault>'
            '<w:pPrDefault><w:pPr><w:spacing w:after="120" w:line="264" w:lineRule="auto"/></w:pPr>'
            "</w:pPrDefault></w:docDefaults>"
            '<w:style w:type="paragraph" w:default="1" w:styleId="Normal"><w:name w:val="Normal"/>'
            '<w:pPr><w:jc w:val="both"/></w:pPr></w:style>'
            + style(
                "Title",
                f'{keep}<w:spacing w:before="120" w:after="200"/>{center}',
                '<w:b/><w:sz w:val="28"/>',
            )
            + style("Heading1", f'{keep}<w:spacing w:before="200" w:after="100"/>{left}', "<w:b/>")
            + style("Centered", center)
            + style("RightAligned", '<w:jc w:val="right"/>')
            + style("Clause", "")
            + style("Subclause", "")
            + style("Cell", f'<w:spacing w:before="30" w:after="30"/>{left}', '<w:sz w:val="20"/>')
            + style("Side", f'<w:spacing w:after="60"/>{left}')
            + style("Footer", center, small)
            + style("FootnoteText", "", small)
            + style("CommentText", left, small)
            + style("FootnoteReference", "", raised, "character")
            + style("CommentReference", "", '<w:sz w:val="16"/>', "character")
            + '<w:style w:type="table" w:styleId="Grid"><w:name w:val="Table Grid"/>'
            f"<w:tblPr><w:tblBorders>{edges}</w:tblBorders>{margins}</w:tblPr></w:style>"
            + '<w:style w:type="table" w:styleId="Sides"><w:name w:val="Sides"/>'
            f"<w:tblPr>{margins}</w:tblPr></w:style>",
        )


STYLE_NAMES = {
    "Title": "Title",
    "Heading1": "heading 1",
    "Centered": "Centered",
    "RightAligned": "Right Aligned",
    "Clause": "Clause",
    "Subclause": "Subclause",
    "Cell": "Cell",
    "Side": "Side",
    "Footer": "footer",
    "FootnoteText": "footnote text",
    "CommentText": "annotation text",
    "FootnoteReference": "footnote reference",
    "CommentReference": "annotation reference",
}


def _word(root: str, inside: str) -> str:
    return f'{HEAD}<w:{root} xmlns:w="{W}" xmlns:r="{RELATIONS}">{inside}</w:{root}>'


def _level(level: int, style: str, shape: str, left: int) -> str:
    return (
        f'<w:lvl w:ilvl="{level}"><w:start w:val="1"/><w:numFmt w:val="{style}"/>'
        f'<w:lvlText w:val="{shape}"/><w:lvlJc w:val="left"/><w:pPr>'
        f'<w:ind w:left="{left}" w:hanging="567"/></w:pPr></w:lvl>'
    )


NUMBERING = _word(
    "numbering",
    '<w:abstractNum w:abstractNumId="0"><w:multiLevelType w:val="multilevel"/>'
    + _level(0, "decimal", "%1.", 567)
    + _level(1, "decimal", "%1.%2", 567)
    + _level(2, "lowerLetter", "(%3)", 1134)
    + '</w:abstractNum><w:num w:numId="1"><w:abstractNumId w:val="0"/></w:num>',
)


def _relations(*targets: tuple[str, str]) -> str:
    lines = ""
    for number, (kind, target) in enumerate(targets, 1):
        base = f"{PACKAGE}/relationships" if kind.startswith("metadata") else RELATIONS
        lines += f'<Relationship Id="rId{number}" Type="{base}/{kind}" Target="{target}"/>'
    return f'{HEAD}<Relationships xmlns="{PACKAGE}/relationships">{lines}</Relationships>'


def _zip(parts: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, data in parts.items():
            entry = zipfile.ZipInfo(name, STAMP)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = 3
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, data)
    return buffer.getvalue()


# --- PDF -----------------------------------------------------------------------------------------


class Numberer:
    """Counts `#1`, `#2`, `#3` blocks as Word does with the list of the DOCX samples."""

    def __init__(self) -> None:
        self.counts = [0, 0, 0]

    def next(self, level: int) -> str:
        self.counts[level] += 1
        self.counts[level + 1 :] = [0] * (2 - level)
        first, second, third = self.counts
        return (f"{first}.", f"{first}.{second}", f"({chr(96 + third)})")[level]


def pdf(source: Source, *, encryption: StandardEncryption | None = None) -> bytes:
    buffer = io.BytesIO()
    regular, bold = _fonts(source)
    document = SimpleDocTemplate(
        buffer,
        pagesize=LETTER if source.meta.get("paper") == "letter" else A4,
        leftMargin=25 * mm,
        rightMargin=22 * mm,
        topMargin=22 * mm,
        bottomMargin=22 * mm,
        title=source.meta["title"],
        author="Lexmill samples",
        lang=source.meta["language"],
        invariant=1,
        encrypt=encryption,
    )
    footer = partial(_footer, text=source.meta["footer"], font=regular)
    numbers = Numberer()
    look = _looks(regular, bold, float(source.meta.get("size", "10.5")))
    story = [_flowable(block, look, numbers) for block in source.blocks]
    document.build(story, onFirstPage=footer, onLaterPages=footer)
    return buffer.getvalue()


def _fonts(source: Source) -> tuple[str, str]:
    if source.meta["language"] == "ru":
        return "DejaVuSerif", "DejaVuSerif-Bold"
    return ("Times-Roman", "Times-Bold") if source.serif else ("Helvetica", "Helvetica-Bold")


def _looks(regular: str, bold: str, size: float) -> dict[str, ParagraphStyle]:
    base = ParagraphStyle(
        "base", fontName=regular, fontSize=size, leading=size * 1.32, spaceAfter=size * 0.6
    )
    heading = {"fontName": bold, "spaceBefore": size * 0.6, "keepWithNext": 1}

    def look(name: str, **changes: Any) -> ParagraphStyle:
        return ParagraphStyle(name, base, **changes)

    return {
        "bold": look("bold", fontName=bold),
        "title": look(
            "title",
            alignment=TA_CENTER,
            fontSize=size * 1.35,
            leading=size * 1.7,
            spaceAfter=size,
            fontName=bold,
        ),
        "center": look("center", alignment=TA_CENTER),
        "right": look("right", alignment=TA_RIGHT),
        "heading": look("heading", **heading),
        "para": look("para", alignment=TA_JUSTIFY),
        "auto0": look("auto0", leftIndent=10 * mm, bulletIndent=0, bulletFontName=bold, **heading),
        "auto1": look("auto1", alignment=TA_JUSTIFY, leftIndent=10 * mm, bulletIndent=0),
        "auto2": look("auto2", alignment=TA_JUSTIFY, leftIndent=18 * mm, bulletIndent=10 * mm),
        "cell": look("cell", fontSize=size * 0.92, leading=size * 1.15, spaceAfter=1),
    }


def _flowable(block: Block, look: dict[str, ParagraphStyle], numbers: Numberer) -> Any:
    if block.kind == "break":
        return PageBreak()
    if block.kind in {"table", "sides"}:
        return _table(block, look)
    if block.kind == "auto":
        return Paragraph(
            _markup(block.text, look["bold"].fontName),
            look[f"auto{block.level}"],
            bulletText=numbers.next(block.level),
        )
    return Paragraph(_markup(block.text, look["bold"].fontName), look[block.kind])


def _markup(text: str, bold: str) -> str:
    parts = []
    for span in spans(text):
        words = escape(span.text)
        if span.mark == "break":
            words = "<br/>"
        parts.append(f'<font name="{bold}">{words}</font>' if span.bold and words else words)
    return "".join(parts)


def _table(block: Block, look: dict[str, ParagraphStyle]) -> Any:
    lined = block.kind == "table"
    cells = [
        [
            [
                Paragraph(
                    _markup(f"**{part}**" if lined and not index else part, look["bold"].fontName),
                    look["cell"],
                )
                for part in cell.split("<p>")
            ]
            for cell in row
        ]
        for index, row in enumerate(block.rows)
    ]
    columns = max(len(row) for row in cells)
    commands: list[tuple[Any, ...]] = [("VALIGN", (0, 0), (-1, -1), "TOP")]
    if lined:
        commands.append(("GRID", (0, 0), (-1, -1), 0.5, (0.5, 0.5, 0.5)))
    table = Table(cells, colWidths=[163 * mm / columns] * columns, style=TableStyle(commands))
    return KeepTogether([Spacer(1, 2 * mm), table, Spacer(1, 3 * mm)])


def _footer(canvas: Canvas, document: SimpleDocTemplate, *, text: str, font: str) -> None:
    canvas.saveState()
    canvas.setFont(font, 8)
    canvas.drawCentredString(document.pagesize[0] / 2, 12 * mm, f"{text} · {document.page}")
    canvas.restoreState()


def scan(page: bytes) -> bytes:
    """A PDF with one grey picture of the given PDF's first page and no text at all."""
    bitmap = pypdfium2.PdfDocument(page)[0].render(scale=110 / 72, grayscale=True)
    image = bitmap.to_pil().rotate(0.6, expand=False, fillcolor=255).convert("1")
    width, height = image.size
    data = zlib.compress(image.tobytes(), 9)
    paint = b"q 595 0 0 842 0 0 cm /Im0 Do Q"
    picture = (
        f"<</Type/XObject/Subtype/Image/Width {width}/Height {height}/ColorSpace/DeviceGray"
        f"/BitsPerComponent 1/Filter/FlateDecode/Length {len(data)}>>"
    )
    return _objects(
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R"
        b"/Resources<</XObject<</Im0 5 0 R>>>>>>",
        b"<</Length %d>>stream\n%s\nendstream" % (len(paint), paint),
        picture.encode() + b"stream\n" + data + b"\nendstream",
    )


def _objects(*objects: bytes) -> bytes:
    out = bytearray(b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n")
    places = []
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % place for place in places)
    out += b"trailer\n<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (
        len(objects) + 1,
        start,
    )
    return bytes(out)


# --- mail ----------------------------------------------------------------------------------------


def mail(path: Path, attachments: dict[str, bytes]) -> bytes:
    head, _, body = path.read_text(encoding="utf-8").partition("\n\n")
    meta = dict(line.split(": ", 1) for line in head.splitlines())
    message = EmailMessage(policy=SMTP)
    for header in ("From", "To", "Cc"):
        name, _, address = meta[header].rstrip(">").partition(" <")
        user, _, domain = address.partition("@")
        message[header] = Address(name, user, domain)
    for header in ("Subject", "Date", "Message-ID"):
        message[header] = meta[header]
    message.set_content(body, cte="quoted-printable")
    for name, data in attachments.items():
        kind = "pdf" if name.endswith(".pdf") else WORD_TYPE.removeprefix("application/")
        subtype = kind if kind == "pdf" else f"{kind}document"
        message.add_attachment(data, maintype="application", subtype=subtype, filename=name)
    message.set_boundary("=_lexmill-sample-0001")
    return message.as_bytes()


# --- everything ----------------------------------------------------------------------------------


def build(sources: Path) -> dict[str, bytes]:
    """Every file that is made, by its path inside `samples/`."""
    made: dict[str, bytes] = {}
    attachments: dict[str, bytes] = {}
    for path in sorted(sources.glob("*.md")):
        source = read(path)
        target = source.meta["output"]
        data = Docx(source).build() if target.endswith(".docx") else pdf(source)
        (attachments if "/" not in target else made)[target] = data
    made["contracts/renewal-notice.eml"] = mail(sources / "renewal-notice.mail", attachments)
    lease = (sources / "arenda-pomeshcheniya.html").read_text(encoding="utf-8")
    made["contracts/arenda-pomeshcheniya.html"] = lease.replace(
        'charset="utf-8"', 'charset="windows-1251"'
    ).encode("cp1251")
    secret = read(sources / "software-license.md")
    lock = StandardEncryption(PASSWORD, PASSWORD + "-owner", canPrint=0, canCopy=0, strength=128)
    agreement = made["contracts/master-services-agreement.pdf"]
    nda = made["contracts/mutual-nda.docx"]
    made |= {
        "broken/cut.docx": nda[: len(nda) * 3 // 5],
        "broken/empty.txt": b"",
        "broken/encrypted.pdf": pdf(secret, encryption=lock),
        "broken/random-bytes.pdf": hashlib.shake_256(b"lexmill sample").digest(4096),
        "broken/scan-without-text.pdf": scan(made["contracts/software-license.pdf"]),
        "broken/truncated.pdf": agreement[: len(agreement) * 2 // 5],
    }
    return made


def register_fonts(files: Sequence[Path]) -> None:
    for name, path in zip(("DejaVuSerif", "DejaVuSerif-Bold"), files, strict=True):
        pdfmetrics.registerFont(TTFont(name, str(path)))


def find_fonts(folder: Path | None) -> list[Path]:
    folders = [folder] if folder else [Path(name).expanduser() for name in FONT_FOLDERS]
    for candidate in folders:
        files = [candidate / name for name in FONT_FILES]
        if all(path.is_file() for path in files):
            return files
    looked = ", ".join(str(path) for path in folders)
    sys.exit(
        f"samples/build.py: {' and '.join(FONT_FILES)} not found in {looked}. "
        "Install fonts-dejavu-core or give --fonts FOLDER."
    )


def main() -> None:
    parser = argparse.ArgumentParser(description="Make the binary samples from sources/.")
    parser.add_argument("--fonts", type=Path, help=f"folder with {' and '.join(FONT_FILES)}")
    parser.add_argument("--out", type=Path, default=HERE, help="instead of samples/ itself")
    options = parser.parse_args()
    register_fonts(find_fonts(options.fonts))
    for name, data in sorted(build(HERE / "sources").items()):
        target = options.out / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
        sys.stdout.write(f"{len(data):>8} {name}\n")


if __name__ == "__main__":
    main()
