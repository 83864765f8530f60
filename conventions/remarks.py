"""Findings beside what was said of them: a remark is open until somebody acknowledges it with a reason."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from django.db import transaction
from django.utils import timezone

from franceservices.db import translate_violations
from franceservices.errors import DomainError
from franceservices.text import fold
from partners.models import User

from .coherence import all_findings
from .finding_kinds import FindingKind
from .findings import Finding
from .models import Convention, FindingAcknowledgement
from .search import with_stage_facts
from .terms import ConventionHistory


@dataclass(frozen=True)
class Remark:
    """One finding of one convention; `acknowledgement` is the one that stands for these facts."""

    convention: Convention
    finding: Finding
    acknowledgement: FindingAcknowledgement | None

    @property
    def kind(self) -> FindingKind:
        return FindingKind(self.finding.code)

    def matches(self, words: str) -> bool:
        """Whether each word of `words` occurs in what is said or in whom it is about, whatever the accents and case."""
        convention = self.convention
        said = fold(
            f"{self.finding.sentence} {self.kind.label} {convention.partner.name} {convention.partner.short_name}"
            f" {convention.site.name} {convention.reference}"
        )
        return all(word in said for word in fold(words).split())


def remarks_on(
    conventions: Iterable[Convention],
    *,
    on: date | None = None,
    histories: Mapping[int, ConventionHistory] | None = None,
) -> dict[int, list[Remark]]:
    """The remarks about each of `conventions` by its key; see `coherence.all_findings` for what it costs and asks."""
    conventions = list(conventions)
    found = all_findings(conventions, on=on, histories=histories)
    standing = {
        (said.convention_id, said.code, said.fingerprint): said
        for said in FindingAcknowledgement.objects.standing()
        .filter(convention__in=found)
        .select_related("acknowledged_by")
    }
    return {
        convention.pk: [
            Remark(convention, finding, standing.get((convention.pk, finding.code, finding.fingerprint)))
            for finding in found[convention.pk]
        ]
        for convention in conventions
    }


def remark_on(convention: Convention, *, code: str, fingerprint: str) -> Remark | None:
    """The remark of today that has this code and fingerprint; None once the facts are others."""
    return next(
        (
            remark
            for remark in remarks_on([convention])[convention.pk]
            if (remark.finding.code, remark.finding.fingerprint) == (code, fingerprint)
        ),
        None,
    )


@transaction.atomic
def acknowledge(
    *, convention: Convention, code: str, fingerprint: str, reason: str, by: User
) -> FindingAcknowledgement:
    """Say why a finding of today may stay. It folds away until its facts change.

    Raises DomainError where the facts have changed since it was read, where it is acknowledged already, or without a
    reason; DoesNotExist outside the perimeter of `by`.
    """
    convention = with_stage_facts(Convention.objects.visible_to(by)).get(pk=convention.pk)
    remark = remark_on(convention, code=code, fingerprint=fingerprint)
    if remark is None:
        raise DomainError("Les faits ont changé depuis que vous avez lu cette remarque. Rien n’est enregistré.")
    if not reason.strip():
        raise DomainError("Donnez le motif en quelques mots.")
    with translate_violations(
        {"finding_acknowledged_once": DomainError("Quelqu’un a déjà pris acte de cette remarque.")}
    ):
        return FindingAcknowledgement.objects.create(
            convention=convention,
            code=code,
            fingerprint=fingerprint,
            sentence=remark.finding.sentence,
            reason=reason.strip(),
            acknowledged_by=by,
        )


@transaction.atomic
def take_back(*, acknowledgement: FindingAcknowledgement, by: User) -> FindingAcknowledgement:
    """Open the remark again; who had acknowledged it and why stays on record. Doing it twice changes nothing."""
    kept = FindingAcknowledgement.objects.visible_to(by).select_for_update(of=["self"]).get(pk=acknowledgement.pk)
    if kept.withdrawn_at is None:
        kept.withdrawn_at, kept.withdrawn_by = timezone.now(), by
        kept.save(update_fields=["withdrawn_at", "withdrawn_by"])
    return kept
