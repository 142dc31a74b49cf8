"""A connection of its own for the statement that all of ingest waits for."""

from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import psycopg
import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from lexmill.events.schemas import Accepted
from lexmill.events.shortcut import ACCEPT, LOCK, Shortcut

log = structlog.get_logger(__name__)


@dataclass
class Express:
    """Past SQLAlchemy and without a ping: these cost more than the rest of a transaction."""

    engine: AsyncEngine
    _connection: AsyncConnection | None = field(default=None, init=False)
    _driver: "psycopg.AsyncConnection[Any] | None" = field(default=None, init=False)

    async def accept(self, shortcut: Shortcut) -> Accepted | None:
        """None where the long way has to be gone; it also finds out what an error was about.

        That is safe even when the commit came through and only its answer was lost: then all are
        duplicates, and the sweeper rings for them.
        """
        try:
            driver = self._driver or await self._connect()
            async with driver.pipeline():
                await driver.execute("BEGIN", prepare=True)
                await driver.execute(LOCK, shortcut.parameters, prepare=True)
                cursor = await driver.execute(ACCEPT, shortcut.parameters, prepare=True)
                await driver.execute("COMMIT", prepare=True)
            row = await cursor.fetchone()
        except (psycopg.Error, SQLAlchemyError) as error:
            log.info("shortcut_failed", error=type(error).__name__)
            await self.close()
            return None
        return None if row is None else shortcut.read(row)

    async def _connect(self) -> "psycopg.AsyncConnection[Any]":
        self._connection = await self.engine.connect()
        raw = await self._connection.get_raw_connection()
        self._driver = raw.driver_connection
        assert isinstance(self._driver, psycopg.AsyncConnection)
        await self._driver.set_autocommit(True)
        return self._driver

    async def close(self) -> None:
        connection, self._connection, self._driver = self._connection, None, None
        if connection is not None:
            with suppress(SQLAlchemyError, psycopg.Error):
                await connection.invalidate()
                await connection.close()
