import io

import pytest
from PIL import Image

from lexmill_legal.errors import DocumentError
from lexmill_legal.parsing import parse


def picture(kind: str, size: tuple[int, int] = (400, 200), **options: object) -> bytes:
    buffer = io.BytesIO()
    Image.new("L", size, 200).save(buffer, kind, **options)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("kind", "media_type"), [("PNG", "image/png"), ("JPEG", "image/jpeg"), ("TIFF", "image/tiff")]
)
@pytest.mark.parametrize(("dpi", "width"), [(None, 144), (200, 144), (300, 96), (10, 144)])
def test_a_picture_is_a_page_without_text(
    kind: str, media_type: str, dpi: int | None, width: float
) -> None:
    options = {"dpi": (dpi, dpi)} if dpi else {}
    parsed = parse(picture(kind, **options), name="scan", keep_scans=True)

    assert parsed.media_type == media_type
    assert [page.has_text for page in parsed.pages] == [False]
    assert parsed.pages[0].width == pytest.approx(width, rel=0.001)
    assert parsed.pages[0].height == pytest.approx(width / 2, rel=0.001)
    assert [warning.code for warning in parsed.warnings] == ["page_without_text"]


def test_a_fax_has_several_pages() -> None:
    more = [Image.new("1", (100, 300))]
    data = picture("TIFF", save_all=True, append_images=more)
    assert len(parse(data, name="fax.tif", keep_scans=True).pages) == 2


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF"])
def test_without_ocr_a_picture_is_refused(kind: str) -> None:
    with pytest.raises(DocumentError) as caught:
        parse(picture(kind), name="scan")
    assert caught.value.code == "needs_ocr"


@pytest.mark.parametrize(
    "data",
    [
        b"\x89PNG\r\n\x1a\n",
        b"\xff\xd8\xff\xe0" + bytes(20),
        b"\xff\xd8" + b"\xff" * 50,
        b"II*\0" + bytes(20),
        b"II*\0\x08\0\0\0\xff\xff" + bytes(40),
        picture("PNG")[:20],
    ],
)
def test_a_damaged_picture_is_corrupt(data: bytes) -> None:
    with pytest.raises(DocumentError) as caught:
        parse(data, name="scan", keep_scans=True)
    assert caught.value.code == "corrupt"


def test_a_picture_larger_than_a_page_is_refused() -> None:
    huge = picture("PNG")[:16] + b"\0\xff\xff\xff\0\xff\xff\xff" + picture("PNG")[24:]
    with pytest.raises(DocumentError) as caught:
        parse(huge, name="scan", keep_scans=True)
    assert caught.value.code == "too_large"
