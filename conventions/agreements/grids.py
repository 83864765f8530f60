"""Brings the offices that a convention lends, and weekly spans, in line with the file.

Spans of one place may not overlap at any moment, not even between two statements of one load: what goes leaves first,
then what changes moves as soon as its new time is free, then what is new comes.
"""

from collections.abc import Callable, Sequence
from operator import attrgetter

from conventions.models import OfficeAllocation, PermanenceSlot
from partners.models import Office, OpeningHours

from .checks import overlap, span_text
from .form import Agreement, OpeningHoursPart, SlotPart
from .pairing import pair
from .problems import Path
from .resolving import Rows
from .rows import RowWriter

Span = PermanenceSlot | OpeningHours
SpanPart = SlotPart | OpeningHoursPart

# From "nothing changed" to "the same permanence, at another hour".
_SAME_SPAN = (
    attrgetter("weekday", "start_time", "end_time", "starts_on", "ends_on"),
    attrgetter("weekday", "start_time", "starts_on"),
    attrgetter("weekday", "start_time"),
    attrgetter("weekday", "end_time"),
)


def write_allocations(writer: RowWriter, agreement: Agreement, rows: Rows) -> bool:
    """Lend the offices of the file, at its slots; True when the weekly grid or an office changed."""
    before = len(writer.report.changes)
    stored = list(rows.convention.allocations.select_related("office").order_by("pk"))
    allocations = _write_offices_lent(writer, agreement, rows, stored)
    for label, allocation in allocations.items():
        allocation.convention = rows.convention
        write_spans(
            writer,
            stored=list(allocation.slots.all()),
            wanted=[slot for slot in agreement.slots if slot.office == label],
            make=lambda allocation=allocation: PermanenceSlot(allocation=allocation),
            what=lambda slot, label=label: f"créneau {span_text(slot)} (bureau {label})",
            path_of=lambda slot: ("slots", agreement.slots.index(slot) + 1),
        )
    return len(writer.report.changes) > before


def _write_offices_lent(
    writer: RowWriter, agreement: Agreement, rows: Rows, stored: Sequence[OfficeAllocation]
) -> dict[str, OfficeAllocation]:
    """The allocation of each label of the file. One office that takes the place of one other keeps its slots."""
    labels = {office.label: number for number, office in enumerate(agreement.offices, 1)}
    kept = {allocation.office.label: allocation for allocation in stored if allocation.office.label in labels}
    gone = [allocation for allocation in stored if allocation.office.label not in labels]
    new = [label for label in labels if label not in kept]
    moved = {new[0]: gone[0]} if len(gone) == len(new) == 1 and _fits(gone[0], rows.offices[new[0]]) else {}
    for allocation in gone:
        if allocation not in moved.values():
            writer.delete(allocation, f"mise à disposition du {allocation.office.full_label}")
    for label in new:
        office = rows.offices[label]
        kept[label] = moved.get(label) or OfficeAllocation(convention=rows.convention)
        what = f"mise à disposition du {office.full_label}"
        writer.save(kept[label], {"office": office}, what=what, path=("offices", labels[label]))
    return {label: kept[label] for label in labels}


def _fits(allocation: OfficeAllocation, office: Office) -> bool:
    """Whether the slots of `allocation`, as they still are, meet no other use of `office`."""
    taken = list(office.slots.all())
    return not any(overlap(slot, other) for slot in allocation.slots.all() for other in taken)


def write_spans(
    writer: RowWriter,
    *,
    stored: Sequence[Span],
    wanted: Sequence[SpanPart],
    make: Callable[[], Span],
    what: Callable[[Span | SpanPart], str],
    path_of: Callable[[SpanPart], Path],
) -> None:
    """Make the spans of one place, `stored`, those of the file, `wanted`; `make` gives an unsaved one."""
    pairing = pair(stored, wanted, by=_SAME_SPAN)
    for span in pairing.gone:
        writer.delete(span, what(span))
    waiting, new = list(pairing.pairs), list(pairing.new)
    standing = [span for span, _ in waiting]
    while waiting:
        movable = (
            (span, part)
            for span, part in waiting
            if not any(overlap(part, other) for other in standing if other is not span)
        )
        span, part = next(movable, waiting[0])
        waiting.remove((span, part))
        if any(overlap(part, other) for other in standing if other is not span):
            # Two spans exchange their times: one leaves and comes back.
            writer.delete(span, what(span))
            standing.remove(span)
            new.append(part)
        else:
            writer.save(span, part.facts(), what=what(span), path=path_of(part))
    for part in new:
        writer.save(make(), part.facts(), what=what(part), path=path_of(part))
