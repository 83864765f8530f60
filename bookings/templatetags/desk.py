"""Template tags of the desk: `{% load desk %}`."""

from django import template
from django.middleware.csrf import get_token
from django.template import Context
from django.utils.safestring import SafeString

from bookings.agenda import AppointmentRow
from bookings.board_markup import StepButtons
from bookings.offer_markup import OfferTiles
from bookings.steps import DeskStep

register = template.Library()


@register.simple_tag(takes_context=True)
def step_buttons(context: Context, appointment: AppointmentRow, *, here: str, hidden: str = "") -> SafeString:
    """The forms that note the steps of one appointment and come back to `here`; `hidden` names a step to leave out."""
    request = context["request"]
    buttons = StepButtons(here=here, csrf_token=lambda: get_token(request), hidden=DeskStep(hidden) if hidden else None)
    return buttons.of(appointment)


@register.simple_tag
def offer_tiles(days: list, *, as_buttons: bool) -> SafeString:
    """The free times of `days` (see `by_day`), as links or as submit buttons of the form around them."""
    address = days[0][1][0][0].address
    tiles = OfferTiles(addresses=None if as_buttons else address.around_time)
    return tiles.of([(day, [[offer.time for offer in group] for group in groups]) for day, groups in days])
