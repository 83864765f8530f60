"""What leaves the application for a partner that shows a secret address instead of an account.

Minimal on purpose, and decided so: the hour, the reason, and the visitor's family name with the first letter of the
first name. Article 5 of the agreements has the agent fetch the visitor in the space: she must call somebody, and two
people of one name at one hour are told apart by the letter. Nothing else goes out: no full first name, phone, birth
date or e-mail, no subject (often told in confidence), no needs (a wheelchair is health data); and no people at all for
a permanence that is not held.
"""

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from franceservices.dates import monday_of

from .agenda import PermanenceRow
from .models import Permanence, SharedLink
from .schedule_reading import Person
from .schedule_rows import permanence_rows

WEEK = timedelta(days=7)


def called_name(person: Person) -> str:
    """« AMRANI L. », as the person is called in the space; « Travailleur social » for one without a name."""
    initial = f"{person.first_name.strip()[:1].upper()}." if person.first_name.strip() else ""
    return f"{person.last_name.upper()} {initial}".strip() or "Travailleur social"


@dataclass(frozen=True)
class SharedWeek:
    """One week of a partner at one site; `previous` and `next` are the Mondays that the link lets go to."""

    monday: date
    rows: list[PermanenceRow]
    previous: date | None
    next: date | None
    # Where the week is empty: the next day within the link's term on which something is held.
    later: date | None


def shared_week(link: SharedLink, *, asked: date, now: datetime) -> SharedWeek:
    """The week of the civil day `asked`, kept between the present week and that in which the link ends.

    Two queries, one more for an empty week. What is past is nobody's to fetch any more, and is not shown.
    """
    first, last = monday_of(link.site.today()), monday_of(link.last_day)
    monday = min(max(monday_of(asked), first), last)
    own = Permanence.objects.filter(site=link.site, partner=link.partner)
    found = permanence_rows(own.on_days(monday, monday + WEEK - timedelta(days=1)), now=now, name_of=called_name)
    rows = [replace(row, appointments=()) if row.is_cancelled else row for row in found]
    later = None
    if not rows:
        coming = own.standing().filter(day__gte=monday + WEEK, day__lt=last + WEEK).order_by("day")
        later = coming.values_list("day", flat=True).first()
    return SharedWeek(
        monday=monday,
        rows=rows,
        previous=monday - WEEK if monday > first else None,
        next=monday + WEEK if monday < last else None,
        later=later,
    )
