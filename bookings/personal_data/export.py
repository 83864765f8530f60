"""Everything that is kept about one visitor, in a form that machines read and that a paper can print."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from django.utils import timezone

from bookings.models import Visitor

from .holders import Told, holders, untold
from .records import Value, labels_of, record_of

FORMAT, VERSION = "espace-france-services/personne", 1
"""What the file says of itself; its keys are described in `docs/donnees-personnelles.md`."""


@dataclass(frozen=True)
class Section:
    """One kind of rows: `labels` by field, and the records, each a value by field."""

    key: str
    title: str
    labels: dict[str, str]
    records: list[dict[str, Value]]
    columns: tuple[str, ...] = ()


@dataclass(frozen=True)
class PersonalExport:
    """The data of the person of `visitor`, cards that joined hers included, as they were at `made_at`."""

    visitor: Visitor
    made_at: datetime
    zone: ZoneInfo
    sections: list[Section]
    left_out: list[str]

    def as_json(self) -> dict[str, Value]:
        """The file: sections with their fields named in French, so that it explains itself."""
        return {
            "format": FORMAT,
            "version": VERSION,
            "made_at": self.made_at.isoformat(),
            "time_zone": self.zone.key,
            "organisation": self.visitor.ccas.name,
            "card": self.visitor.pk,
            "sections": [
                {
                    "key": section.key,
                    "title": section.title,
                    "fields": section.labels,
                    "records": section.records,
                }
                for section in self.sections
            ],
            "left_out": self.left_out,
        }


def cards_of(visitor: Visitor) -> list[int]:
    """The numbers of `visitor`, the card that holds now, and of all those that joined it; smallest first."""
    found, latest = {visitor.pk}, [visitor.pk]
    while latest:
        latest = list(Visitor.objects.filter(merged_into__in=latest).values_list("pk", flat=True))
        found.update(latest)
    return sorted(found)


def export_of(visitor: Visitor, *, zone: ZoneInfo) -> PersonalExport:
    """What is kept about the person whose current card is `visitor`; moments in `zone`."""
    cards = cards_of(visitor)
    every = [told for holder in holders() for told in holder.told]
    left_out = [
        f"{told.title}, {told.model._meta.get_field(name).verbose_name}\u00a0: {reason}."
        for told in every
        for name, reason in told.without.items()
    ]
    return PersonalExport(
        visitor=visitor,
        made_at=timezone.now().astimezone(zone),
        zone=zone,
        sections=[_section(told, cards, zone) for told in every],
        left_out=left_out + [f"{reason[:1].upper()}{reason[1:]}." for reason in untold().values()],
    )


def _section(told: Told, cards: Collection[int], zone: ZoneInfo) -> Section:
    records = [record_of(row, told, cards=cards, zone=zone) for row in told.rows(cards)]
    return Section(told.key, told.title, labels_of(told), records, told.columns)
