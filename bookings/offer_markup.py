"""The free times of several days as HTML: hundreds of tiles are written as escaped strings, far faster than by tags."""

from datetime import date
from html import escape

from django.utils.safestring import SafeString, mark_safe

from bookings.free_times import FreeTime
from franceservices.dates import format_date_short, format_time

Groups = list[list[FreeTime]]


class OfferTiles:
    """Writes days of free times as tiles: links, or submit buttons of the form around them.

    `addresses` are what stands before and after the key of a time in the address that a tile leads to; None for
    buttons.
    """

    def __init__(self, *, addresses: tuple[str, str] | None) -> None:
        self.addresses = None if addresses is None else tuple(escape(part) for part in addresses)

    def of(self, days: list[tuple[date, Groups]]) -> SafeString:
        """A section for each day, in it a group for each partner and office."""
        return mark_safe("".join([self._day(day, groups) for day, groups in days]))

    def _day(self, day: date, groups: Groups) -> str:
        title = format_date_short(day)
        written = "".join([self._group(title, times) for times in groups])
        return f'<section class="slot-day"><h4>{title}</h4><div class="stack-tight">{written}</div></section>'

    def _group(self, day: str, times: list[FreeTime]) -> str:
        permanence = times[0].permanence
        partner, office = escape(permanence.partner.short_name), escape(permanence.office.full_label)
        colour = permanence.partner.colour
        unseen = f'<span class="visually-hidden"> {day}, {partner}, {office}</span>'
        tiles = "".join([self._tile(time, colour, unseen) for time in times])
        return (
            f'<div class="slot-group"><p><span class="partner-name partner-{colour}">{partner} · {office}</span></p>'
            f'<div class="slots slots-hours">{tiles}</div></div>'
        )

    def _tile(self, time: FreeTime, colour: str, unseen: str) -> str:
        label = f"<strong>{format_time(time.start.time())}</strong>{unseen}"
        if self.addresses is None:
            return (
                f'<button class="slot partner-{colour}" type="submit" name="creneau" value="{time.key}">'
                f"{label}</button>\n"
            )
        before, after = self.addresses
        return f'<a class="slot partner-{colour}" href="{before}{time.key}{after}">{label}</a>\n'
