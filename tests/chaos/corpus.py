"""What is sent: small documents in events of all shapes, and what has to become of each."""

import base64
import hashlib
import json
import random
from collections.abc import Sequence
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from lexmill.storage.sources import file_uri

TYPES = {"contracts": "com.example.contract.received", "letters": "com.example.letter.received"}
"""What each listening job takes. Letters are few, so that job comes to rest again and again."""
OTHER = "com.example.contract.mentioned"
SOURCE = "/chaos/mail"

_NAMES = ("Alder", "Birch", "Cedar", "Elm", "Hazel", "Juniper", "Linden", "Maple", "Rowan", "Yew")
_FORMS = ("Ltd", "Inc.", "LLC", "GmbH")
_MONTHS = ("January", "March", "May", "July", "October", "December")
_GARBAGE = b"\x00\x01\xfe\xff" * 50
_SHAPES = {"text": 55, "base64": 12, "repeated": 8, "file": 12, "mail": 5, "garbage": 3, "pdf": 2}
_RARE = {"missing": 2, "unmatched": 1}


@dataclass(frozen=True)
class Expected:
    """A document with what it has to end as; ``sha256`` where it could be read at all."""

    uri: str
    state: str
    sha256: str | None = None
    children: tuple["Expected", ...] = ()


@dataclass(frozen=True)
class Sendable:
    """An event in the members of its JSON form; ``expected`` is None where nobody listens."""

    id: str
    members: dict[str, Any]
    expected: Expected | None
    address: str
    """The job that it is sent to, or "" for the namespace."""


def make_corpus(seed: int, documents: int, *, folder: Path) -> list[Sendable]:
    """As many events that make a document, and a few that make none; files lie in ``folder``."""
    rng = random.Random(seed)
    shapes = {**_SHAPES, **_RARE}
    events: list[Sendable] = []
    made = 0
    while made < documents:
        shape = rng.choices(list(shapes), list(shapes.values()))[0]
        event = _make(rng, f"{seed}-{len(events)}", shape, folder)
        made += event.expected is not None
        events.append(event)
    return events


def _make(rng: random.Random, id_: str, shape: str, folder: Path) -> Sendable:
    job = "letters" if rng.random() < 0.1 else "contracts"
    members: dict[str, Any] = {
        "specversion": "1.0",
        "id": id_,
        "source": SOURCE,
        "type": OTHER if shape == "unmatched" else TYPES[job],
    }
    uri = f"event:{SOURCE}#{id_}"
    state = "succeeded"
    children: tuple[Expected, ...] = ()
    content: bytes | None
    match shape:
        case "text" | "unmatched":
            content = _contract(rng, id_)
            members |= {"datacontenttype": "text/plain", "data": content.decode()}
        case "base64":
            content = _contract(rng, id_)
            members |= _as_base64("application/octet-stream", content)
        case "repeated":  # for the cache of stage outputs
            content = _contract(random.Random(rng.randrange(5)), "the same")
            members |= {"datacontenttype": "text/plain", "data": content.decode()}
        case "mail":
            content, children = _mail(rng, uri, id_)
            members |= _as_base64("message/rfc822", content)
        case "file":
            content = _contract(rng, id_)
            uri = members["dataref"] = _file(folder, id_, content)
        case "missing":
            content, state = None, "failed"
            uri = members["dataref"] = file_uri(folder / f"{id_}-gone.txt")
        case "pdf":
            content, state = b"%PDF-1.7\n" + id_.encode(), "failed"
            members |= _as_base64("application/pdf", content)
        case _:
            content, state = id_.encode() + _GARBAGE, "failed"
            members |= _as_base64("application/octet-stream", content)
    sha256 = None if content is None else hashlib.sha256(content).hexdigest()
    expected = Expected(uri=uri, state=state, sha256=sha256, children=children)
    return Sendable(
        id=id_,
        members=members,
        expected=None if shape == "unmatched" else expected,
        address=job if rng.random() < 0.3 else "",
    )


def _as_base64(media_type: str, content: bytes) -> dict[str, str]:
    return {"datacontenttype": media_type, "data_base64": base64.b64encode(content).decode()}


def _file(folder: Path, id_: str, content: bytes) -> str:
    path = folder / f"{id_}.txt"
    path.write_bytes(content)
    return file_uri(path)


def _contract(rng: random.Random, number: str) -> bytes:
    first, second = rng.sample(_NAMES, 2)
    supplier, customer = (f"{name} {rng.choice(_FORMS)}" for name in (first, second))
    date = f"{rng.randint(1, 28)} {rng.choice(_MONTHS)} 2024"
    sentences = [
        f"SERVICES AGREEMENT No. {number}",
        f'This Agreement is made on {date} between {supplier} ("Supplier") and {customer}.',
        f"1. Fees. {customer} pays EUR {rng.randint(1, 999)},000 within {rng.randint(7, 90)} days.",
        "2. Term. This Agreement is in force for two years and renews for one year each time.",
        "3. Law. This Agreement is governed by the laws of England and Wales.",
    ]
    # A few take long enough to be met by a blow in the middle.
    for clause in range(4, rng.choices((4, 400, 1_200), (90, 8, 2))[0]):
        days = rng.randint(7, 90)
        sentences.append(f"{clause}. {customer} gives notice {days} days before 1 May 2030.")
    return "\n\n".join(sentences).encode()


def _mail(rng: random.Random, uri: str, id_: str) -> tuple[bytes, tuple[Expected, ...]]:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "a@example.com", "b@example.com", f"Contract {id_}"
    mail["Date"], mail["Message-ID"] = "Mon, 06 May 2024 10:00:00 +0000", f"<{id_}@example.com>"
    mail.set_content("Please find our contracts attached.\n")
    children = []
    for number in range(1, rng.randint(1, 3) + 1):
        if rng.random() < 0.2:
            content, state = f"{id_} {number}".encode() + _GARBAGE, "failed"
        else:
            content, state = _contract(rng, f"{id_}/{number}"), "succeeded"
        mail.add_attachment(
            content, maintype="application", subtype="octet-stream", filename=f"{number}.txt"
        )
        children.append(
            Expected(uri=f"{uri}#{number}", state=state, sha256=hashlib.sha256(content).hexdigest())
        )
    return mail.as_bytes(), tuple(children)


@dataclass(frozen=True)
class Delivery:
    """One request: an event or a batch, in one of the ways to write it."""

    events: Sequence[Sendable]
    batch: bool
    binary: bool

    @property
    def path(self) -> str:
        return f"/ns/acme{self._job}/events"

    @property
    def _job(self) -> str:
        address = self.events[0].address
        return f"/jobs/{address}" if address else ""

    @property
    def headers(self) -> dict[str, str]:
        if self.batch:
            return {"Content-Type": "application/cloudevents-batch+json"}
        if not self.binary:
            return {"Content-Type": "application/cloudevents+json"}
        members = self.events[0].members
        headers = {
            f"ce-{name}": value
            for name, value in members.items()
            if name not in {"data", "data_base64", "datacontenttype"}
        }
        if "datacontenttype" in members:
            headers["Content-Type"] = members["datacontenttype"]
        return headers

    @property
    def body(self) -> bytes:
        if self.batch:
            return json.dumps([event.members for event in self.events]).encode()
        members = self.events[0].members
        if not self.binary:
            return json.dumps(members).encode()
        if "data_base64" in members:
            return base64.b64decode(members["data_base64"])
        return str(members.get("data", "")).encode()


def plan_deliveries(seed: int, events: Sequence[Sendable], *, senders: int) -> list[list[Delivery]]:
    """For each sender what it sends, in order: everything at least once, some things twice.

    A second sending comes from any sender at about the same place of the order, so that it may
    meet the first; some batches have an event twice.
    """
    rng = random.Random(seed + 1)
    waiting = {
        address: [event for event in events if event.address == address] for address in ("", *TYPES)
    }
    plans: list[list[tuple[int, Delivery]]] = [[] for _ in range(senders)]
    place = 0
    while any(waiting.values()):
        queue = waiting[rng.choices(list(waiting), [len(queue) for queue in waiting.values()])[0]]
        batch = rng.random() < 0.25
        taken = [queue.pop() for _ in range(min(len(queue), rng.randint(2, 10) if batch else 1))]
        if batch and rng.random() < 0.2:
            taken.append(rng.choice(taken))
        delivery = Delivery(taken, batch=batch, binary=not batch and rng.random() < 0.4)
        for copy in range(1 + (rng.random() < 0.15) + (rng.random() < 0.03)):
            at = place + (0 if copy == 0 else rng.choice((0, 0, 5, 100)))
            plans[rng.randrange(senders)].append((at, delivery))
        place += 1
    return [[delivery for _, delivery in sorted(plan, key=lambda each: each[0])] for plan in plans]
