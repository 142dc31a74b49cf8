from dataclasses import dataclass

import msgspec

from lexmill.client.connection import Connection, Rows, address, decoded
from lexmill.playbooks.schemas import PlaybookRow


@dataclass(frozen=True)
class PlaybookText:
    """A version as it was sent."""

    number: int
    text: str


class _Versions(msgspec.Struct):
    versions: tuple[PlaybookRow, ...]


class Playbooks:
    """Those of a namespace; every version stays."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def list(self, namespace: str, *, sort: str | None = None) -> Rows[PlaybookRow]:
        """The newest version of each, by name."""
        return Rows(self._connection, _path(namespace), PlaybookRow, {"sort": sort})

    def versions(self, namespace: str, name: str) -> tuple[PlaybookRow, ...]:
        """The newest first."""
        return self._connection.read(_path(namespace, name, "versions"), _Versions).versions

    def get(self, namespace: str, name: str, *, number: int | None = None) -> PlaybookText:
        """Without a number the newest version."""
        parts = () if number is None else ("versions", number)
        answer = self._connection.get(_path(namespace, name, *parts))
        return PlaybookText(int(answer.headers.get("Lexmill-Version", 0)), answer.content.decode())

    def put(self, namespace: str, name: str, text: bytes) -> PlaybookRow:
        """The next version, if the text is a playbook; that of the newest changes nothing."""
        answer = self._connection.request(
            "PUT",
            _path(namespace, name),
            content=text,
            headers={"Content-Type": "application/yaml"},
        )
        return decoded(answer.content, PlaybookRow)


def _path(namespace: str, *parts: str | int) -> str:
    return address("namespaces", namespace, "playbooks", *parts)
