"""Whose accounts a person sees, keeps and makes: those of her CCAS, and of the agents of caisses that work there.

The account of an agent opens the schedules of her caisse everywhere. Where several CCAS have a convention with the same
caisse, none of them alone makes or changes such an account: they see it, and the technical account keeps it.
"""

from django.db.models import Q, QuerySet

from partners.models import Partner, Role, Site, User


def partners_kept_by(user: User) -> QuerySet[Partner]:
    """The partners whose record, and whose agents' accounts, `user` may change.

    A partner is shared by all the CCAS that have a convention with it, and the account of its agent opens the
    schedules of them all: one CCAS alone may not rename it, nor give itself such an account. It may as long as nobody
    else has a convention with it. (`conventions` is the relation that the floor above hangs on Partner.)
    """
    if user.is_superuser:
        return Partner.objects.all()
    elsewhere = Site.objects.exclude(ccas_id=user.ccas_id)
    return Partner.objects.visible_to(user).exclude(conventions__site__in=elsewhere)


def partners_at_work_for(user: User) -> QuerySet[Partner]:
    """The caisses with a convention in force today at a space that `user` oversees; each space has its day."""
    if user.is_superuser:
        return Partner.objects.filter(own_ccas=None)
    sites = Site.objects.visible_to(user)
    in_force = Q(pk__in=[])
    # One space of each zone: the civil day is the zone's.
    for site in sites.order_by("time_zone", "pk").distinct("time_zone"):
        day = site.today()
        in_force |= Q(
            conventions__site__in=sites.filter(time_zone=site.time_zone),
            conventions__starts_on__lte=day,
            conventions__ends_on__gte=day,
        )
    found = Partner.objects.filter(in_force, own_ccas=None)
    return Partner.objects.filter(pk__in=found.values("pk"))


def partners_to_invite_for(user: User) -> QuerySet[Partner]:
    """The caisses to which `user` may give an account."""
    return partners_at_work_for(user).filter(pk__in=partners_kept_by(user).values("pk"))


def accounts_seen_by(user: User) -> QuerySet[User]:
    """The accounts that managers and administrators find under « Comptes »; none for the other roles.

    The technical accounts are seen by each other only.
    """
    if user.is_superuser:
        return User.objects.all()
    if not user.oversees_ccas:
        return User.objects.none()
    agents = Q(role=Role.PARTNER_AGENT, partner__in=partners_at_work_for(user))
    return User.objects.filter(Q(ccas_id=user.ccas_id) | agents, is_superuser=False)


def accounts_changed_by(user: User) -> QuerySet[User]:
    """Those of them that `user` may change or close: never her own, nor, for a manager, an administrator's."""
    found = accounts_seen_by(user).exclude(pk=user.pk)
    if user.is_superuser:
        return found
    found = found.exclude(~Q(partner=None) & ~Q(partner__in=partners_kept_by(user)))
    return found if user.role == Role.ADMINISTRATOR else found.exclude(role=Role.ADMINISTRATOR)


def accounts_whose_second_factor_is_reset_by(user: User) -> QuerySet[User]:
    """Whose applications and keys `user` may take away: an administrator, those whom she may change."""
    found = accounts_changed_by(user)
    return found if user.role == Role.ADMINISTRATOR else found.none()


def roles_given_by(user: User) -> list[Role]:
    """The roles that `user` may give; a manager makes no administrator."""
    return [role for role in Role if role != Role.ADMINISTRATOR or user.role == Role.ADMINISTRATOR]
