"""What every page of the desk knows of this floor: how many people wait for another time."""

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from franceservices.composed_queries import ComposedQuery, Given
from partners.permissions import DESK_ROLES

from .models import Appointment

_TO_REPLACE = ComposedQuery(
    lambda: Appointment.objects.to_replace().filter(site=Given("site")).order_by().values_list("pk")
)


def worklist(request: HttpRequest) -> dict[str, object]:
    """`to_replace_count` for `base.html`: one query on a partial index, only where a template uses it."""
    return {"to_replace_count": SimpleLazyObject(lambda: _count(request))}


def _count(request: HttpRequest) -> int:
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated or user.role not in DESK_ROLES:
        return 0
    site = request.get_current_site()
    return _TO_REPLACE.count(site=site.pk) if site else 0
