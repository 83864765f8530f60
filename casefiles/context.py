"""What every page knows of this floor: how many alerts wait for the person who reads it."""

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from partners.permissions import AGENT_ROLES, DESK_ROLES

from .models import RightsAlert


def worklist(request: HttpRequest) -> dict[str, object]:
    """`alert_count` for `base.html`: one query on a partial index, only where a template uses it."""
    return {"alert_count": SimpleLazyObject(lambda: _count(request))}


def _count(request: HttpRequest) -> int:
    """For an agent those that her caisse has not answered; for the desk those answered, which are to be closed."""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return 0
    alerts = RightsAlert.objects.visible_to(user).filter(closed_at=None)
    if user.role in AGENT_ROLES:
        return alerts.filter(answered_at=None).count()
    site = request.get_current_site() if user.role in DESK_ROLES else None
    return alerts.filter(site=site, answered_at__isnull=False).count() if site else 0
