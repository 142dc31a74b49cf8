import shutil
import threading

import pytest

from lexmill.errors import ClaimLostError, LexmillError
from lexmill.storage.bundles import decode_bundle
from lexmill_workers.converting import convert_doc
from lexmill_workers.stages import Request, work_on

needs_antiword = pytest.mark.skipif(
    shutil.which("antiword", path="/usr/local/bin:/usr/bin:/bin") is None,
    reason="antiword is not installed here",
)


def ask(converted: bytes) -> Request:
    return Request(
        uri="a.doc",
        parent=None,
        name="a.doc",
        sha256="0" * 64,
        data=b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
        playbook=None,
        stages=("parse", "classify"),
        known={},
        converted=converted,
    )


def test_the_converted_text_is_the_documents() -> None:
    reply = work_on(ask("Договор поставки\n".encode()))
    assert reply.error is None
    assert decode_bundle(reply.bundle).text == "Договор поставки\n"


@needs_antiword
def test_a_damaged_document_is_refused() -> None:
    with pytest.raises(LexmillError) as caught:
        convert_doc(b"no document", lost=threading.Event(), allow_without_seccomp=False)
    assert (caught.value.code, caught.value.retryable) == ("corrupt", False)


@needs_antiword
def test_a_lost_task_ends_it() -> None:
    lost = threading.Event()
    lost.set()
    with pytest.raises(ClaimLostError):
        convert_doc(b"no document", lost=lost, allow_without_seccomp=False)
