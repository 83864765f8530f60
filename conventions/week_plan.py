"""The week of a convention drawn to scale: hours down, weekdays across, the opening behind the slots. Plain numbers.

The table says the same in words; the drawing is what two people look at when they sign.
"""

from collections.abc import Iterable
from datetime import time
from math import ceil

from franceservices.dates import WEEKDAYS, format_time, format_time_range
from partners.models import OpeningHours

from .models import Audience, Convention, PermanenceSlot
from .weekly_table import WORKING_WEEK, slot_note

# Units of the drawing; its width is that of the text of an A4 page.
WIDTH, LEFT, TOP, HOUR = 740, 40, 24, 30
_LINE = 13
_LETTER = 5.2


def week_plan(
    convention: Convention, slots: Iterable[PermanenceSlot], opening_hours: Iterable[OpeningHours]
) -> dict[str, object] | None:
    """Rectangles, lines and words of the drawing, in its own units; None without a slot."""
    slots, opening_hours = list(slots), list(opening_hours)
    if not slots:
        return None
    shown = [*slots, *opening_hours]
    first = min(span.start_time.hour for span in shown)
    last = max(ceil(_hours(span.end_time)) for span in shown)
    weekdays = sorted({*WORKING_WEEK, *(span.weekday for span in shown)})
    column = (WIDTH - LEFT) / len(weekdays)
    left = {weekday: LEFT + place * column for place, weekday in enumerate(weekdays)}
    names_office = len({slot.office_id for slot in slots}) > 1

    def box(span, *, inset: float) -> dict[str, float]:
        return {
            "x": round(left[span.weekday] + inset, 1),
            "y": round(TOP + (_hours(span.start_time) - first) * HOUR, 1),
            "width": round(column - 2 * inset, 1),
            "height": round((_hours(span.end_time) - _hours(span.start_time)) * HOUR, 1),
        }

    drawn = []
    for slot in sorted(slots, key=lambda slot: (slot.weekday, slot.start_time, slot.starts_on)):
        place = box(slot, inset=5)
        room = max(1, int((place["height"] - 4) // _LINE))
        note = slot_note(slot, convention=convention, names_office=names_office)
        words = [format_time_range(slot.start_time, slot.end_time), *_wrapped(note, place["width"] - 10)]
        drawn.append(
            place
            | {
                "is_public": slot.audience == Audience.PUBLIC,
                "lines": [
                    {"x": place["x"] + 5, "y": round(place["y"] + _LINE * (number + 1), 1), "text": text}
                    for number, text in enumerate(words[:room])
                ],
            }
        )
    height = TOP + (last - first) * HOUR + 2
    return {
        "width": WIDTH,
        "height": height,
        "left": LEFT,
        "top": TOP,
        "bottom": height - 2,
        "weekdays": [
            {"x": round(left[weekday], 1), "middle": round(left[weekday] + column / 2, 1), "name": WEEKDAYS[weekday]}
            for weekday in weekdays
        ],
        "hours": [
            {"y": TOP + (hour - first) * HOUR, "name": format_time(time(hour)) if hour < 24 else "24h00"}
            for hour in range(first, last + 1)
        ],
        "opening": [box(hours, inset=1) for hours in opening_hours],
        "slots": drawn,
        "description": f"Semaine dessinée à l’échelle, de {first}h00 à {last}h00\u00a0; le tableau la dit en mots.",
    }


def _hours(moment: time) -> float:
    return moment.hour + moment.minute / 60


def _wrapped(text: str, width: float) -> list[str]:
    """`text` in lines that fit about `width` units; a drawing has no lines of its own."""
    lines = [""]
    for word in text.split():
        if lines[-1] and (len(lines[-1]) + 1 + len(word)) * _LETTER > width:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    return lines
