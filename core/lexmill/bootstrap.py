"""The one start-up order of API and workers: settings, logs, engine, broker; actors come after."""

from dataclasses import dataclass

from sqlalchemy import Engine
from sqlalchemy.ext.asyncio import AsyncEngine

from lexmill.database import create_async_database_engine, create_database_engine
from lexmill.queue.broker import WakeUpBroker, create_broker
from lexmill.settings import Settings
from lexmill.telemetry.logs import configure_logs


@dataclass(frozen=True)
class Process:
    """What every process has once it is started."""

    settings: Settings
    engine: Engine
    async_engine: AsyncEngine
    broker: WakeUpBroker

    async def close(self) -> None:
        await self.async_engine.dispose()
        self.close_sync()

    def close_sync(self) -> None:
        self.engine.dispose()
        self.broker.close()


def start(settings: Settings, *, process: str) -> Process:
    configure_logs(settings.telemetry, process=process)
    return Process(
        settings=settings,
        engine=create_database_engine(settings.database, application=f"lexmill-{process}"),
        async_engine=create_async_database_engine(
            settings.database, application=f"lexmill-{process}"
        ),
        broker=create_broker(settings.queue),
    )
