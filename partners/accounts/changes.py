"""What an account was before its last change, kept in the session of whoever changed it, to take the change back."""

from django.contrib.sessions.backends.base import SessionBase

from franceservices.errors import DomainError
from partners.models import Role, Site, User

from .services import Belonging

_BEFORE = "account_before"


def remember(session: SessionBase, user: User) -> None:
    """Keep the name, role and spaces of `user` as the database has them now."""
    now = User.objects.get(pk=user.pk)
    session[_BEFORE] = {
        "pk": now.pk,
        "first_name": now.first_name,
        "last_name": now.last_name,
        "role": now.role,
        "sites": list(now.sites.values_list("pk", flat=True)),
    }


def recall(session: SessionBase, *, user: User) -> dict[str, object]:
    """What `change_account` needs to bring `user` back there, once; DomainError when another change came since."""
    before = session.pop(_BEFORE, {})
    if before.get("pk") != user.pk:
        raise DomainError("Cette modification ne s’annule plus\u00a0: modifiez le compte à nouveau.")
    sites = tuple(Site.objects.filter(pk__in=before["sites"]))
    return {
        "first_name": before["first_name"],
        "last_name": before["last_name"],
        "belonging": Belonging(Role(before["role"]), sites, user.partner),
    }
