"""When one may write to people: pure clock arithmetic, in the zone of their space."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo


def first_allowed(moment: datetime, *, zone: ZoneInfo, quiet_from: time, quiet_until: time) -> datetime:
    """`moment`, or the end of the silence `[quiet_from, quiet_until)` of the zone's clock in which it falls.

    The silence may go over midnight; two equal times mean none. `moment` is aware, the result is in UTC.
    """
    local = moment.astimezone(zone)
    clock, day = local.time(), local.date()
    if quiet_from <= quiet_until:
        is_quiet = quiet_from <= clock < quiet_until
    else:
        is_quiet = clock >= quiet_from or clock < quiet_until
        if clock >= quiet_from:
            day += timedelta(days=1)
    return datetime.combine(day, quiet_until, zone).astimezone(UTC) if is_quiet else moment.astimezone(UTC)
