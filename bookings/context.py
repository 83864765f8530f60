"""What every page of the desk knows of this floor: how many people wait for another time."""

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from partners.permissions import DESK_ROLES

from .models import Appointment


def worklist(request: HttpRequest) -> dict[str, object]:
    """`to_replace_count` for `base.html`: one query on a partial index, only where a template uses it."""
    return {"to_replace_count": SimpleLazyObject(lambda: _count(request))}


def _count(request: HttpRequest) -> int:
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated or user.role not in DESK_ROLES:
        return 0
    site = request.get_current_site()
    return Appointment.objects.to_replace().filter(site=site).count() if site else 0
