from datetime import datetime

import msgspec


class PlaybookRow(msgspec.Struct, frozen=True, kw_only=True):
    """A version of a playbook, without its text; ``rules`` is how many it has."""

    name: str
    number: int
    sha256: str
    rules: int
    created_by: str
    created_at: datetime
