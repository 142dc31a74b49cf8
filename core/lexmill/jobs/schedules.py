"""When a scheduled job ticks."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from lexmill.errors import ErrorClass, LexmillError


def next_tick(schedule: Mapping[str, Any], *, after: datetime) -> datetime:
    """The first tick of a stored schedule behind a moment.

    Where clocks change it does as Debian's cron: a tick in the hour that is left out comes right
    after it, and one in the hour that comes twice comes once. Raises LexmillError for a schedule
    that never ticks, such as one of 30 February.
    """
    # Only the API, whose sweeper ticks, is installed with it; workers import the services, too.
    from cronsim import CronSim, CronSimError  # noqa: PLC0415

    zone = ZoneInfo(schedule.get("timeZone", "Etc/UTC"))
    try:
        tick = next(CronSim(schedule["cron"], after.astimezone(zone)))
    except (CronSimError, StopIteration) as error:
        raise LexmillError(
            "never_ticks", "spec.schedule.cron names a time that never comes", ErrorClass.DOCUMENT
        ) from error
    return tick.astimezone(UTC)
