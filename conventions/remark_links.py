"""Where a person goes to look at what a remark is about, and to put it right."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.urls import reverse

from partners.models import User

from .findings import Where
from .remarks import Remark


@dataclass(frozen=True)
class RemarkLine:
    """A remark as a page shows it, with one step further."""

    remark: Remark
    link_label: str
    link: str


def remark_lines(remarks: Iterable[Remark], *, user: User) -> list[RemarkLine]:
    """`remarks` with links that `user` may follow: she is not led to an admin that she has not."""
    return [RemarkLine(remark, *_step(remark, user=user)) for remark in remarks]


def _step(remark: Remark, *, user: User) -> tuple[str, str]:
    convention, where = remark.convention, remark.finding.where
    page = reverse("conventions:convention_detail", args=[convention.pk])
    if where == Where.SUCCESSION:
        return "Renouveler la convention", reverse("conventions:convention_renew", args=[convention.pk])
    if where == Where.DUTIES:
        return "Voir les échéances", reverse("conventions:convention_deadlines", args=[convention.pk])
    if where == Where.FEE:
        return "Expliquer un montant", reverse("conventions:amount_explain", args=[convention.pk])
    if where == Where.DELIBERATION and convention.deliberation_id:
        if user.is_staff:
            address = reverse("admin:conventions_deliberation_change", args=[convention.deliberation_id])
            return "Ouvrir la délibération", address
        return "Voir la délibération", f"{page}#deliberation"
    if where == Where.HOURS:
        if user.is_staff:
            return "Ouvrir la fiche de l’espace", reverse("admin:partners_site_change", args=[convention.site_id])
        return "Voir les horaires", f"{page}#grille"
    if user.is_staff:
        return "Ouvrir la fiche", reverse("admin:conventions_convention_change", args=[convention.pk])
    if where in (Where.GRID, Where.OFFICE):
        return "Voir la grille", f"{page}#grille"
    return "Voir la chronologie", f"{page}#chronologie"
