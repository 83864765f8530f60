"""What one may open a file for on a day: a caisse with a convention in force, and the kinds it takes."""

from datetime import date

from casefiles.models import CaseKind
from conventions.models import Convention
from franceservices.dates import format_date_long
from franceservices.errors import DomainError
from partners.models import Partner, Site


def offered_kinds(*, site: Site, day: date) -> list[tuple[Partner, CaseKind]]:
    """Each caisse that has a convention with `site` on `day`, with each kind it takes that exists on that day.

    By name of the caisse, then of the kind.
    """
    caisses = Partner.objects.filter(conventions__in=Convention.objects.valid_on(day).filter(site=site)).distinct()
    links = (
        CaseKind.partners.through.objects.filter(partner__in=caisses, casekind__in=CaseKind.objects.valid_on(day))
        .select_related("partner", "casekind")
        .order_by("partner__name", "casekind__label")
    )
    return [(link.partner, link.casekind) for link in links]


def convention_on(*, site: Site, partner: Partner, day: date) -> Convention:
    """The convention of `site` with `partner` in force on `day`, the latest begun; DomainError without one."""
    convention = (
        Convention.objects.valid_on(day).filter(site=site, partner=partner).order_by("-starts_on", "pk").first()
    )
    if convention is None:
        raise DomainError(
            f"Aucune convention avec {partner.short_name} n’est en vigueur le {format_date_long(day)} à"
            f" {site.short_name}."
        )
    return convention


def check_kind(*, kind: CaseKind, partner: Partner, day: date) -> None:
    """Raise DomainError unless `kind` exists on `day` and `partner` takes it."""
    if not kind.is_valid_on(day):
        raise DomainError(f"«\u00a0{kind.label}\u00a0» n’existe pas le {format_date_long(day)}.")
    if not kind.partners.filter(pk=partner.pk).exists():
        raise DomainError(f"{partner.short_name} ne traite pas «\u00a0{kind.label}\u00a0».")
