from datetime import date

from django.core.exceptions import ValidationError
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.utils.functional import cached_property

from conventions.stages import Stage, StageFacts, stage_on
from franceservices.dates import format_date_long
from partners.models import Ccas, Partner, Site

from .deliberation import Deliberation
from .party import Party


class NoticeReading(models.TextChoices):
    """From which day the notice (*préavis*) is counted back, where the clause leaves a doubt."""

    TERM = "term", "Avant le terme"
    ANNIVERSARY = "anniversary", "Avant chaque échéance annuelle"


class ConventionQuerySet(models.QuerySet):
    def visible_to(self, user) -> "ConventionQuerySet":
        """The agreements of the CCAS of `user`; a partner's agent reads none (they carry more than her grid)."""
        return self.filter(site__ccas__in=Ccas.objects.visible_to(user))

    def valid_on(self, day: date) -> "ConventionQuerySet":
        """The conventions whose term contains the civil date `day`."""
        return self.filter(starts_on__lte=day, ends_on__gte=day)

    def with_parties(self) -> "ConventionQuerySet":
        """Everything that a list or a page of conventions names, without a query a row."""
        return self.select_related("site__ccas", "partner", "deliberation", "fee_terms")


class Convention(models.Model):
    """An agreement between a CCAS and a partner about one space, over a term whose two ends are included."""

    site = models.ForeignKey(
        Site,
        verbose_name="espace",
        on_delete=models.PROTECT,
        related_name="conventions",
    )
    partner = models.ForeignKey(
        Partner,
        verbose_name="partenaire",
        on_delete=models.PROTECT,
        related_name="conventions",
    )
    reference = models.SlugField(
        "référence",
        max_length=80,
        unique=True,
        help_text="Identifiant court et stable, par exemple besancon-cpam-2025.",
    )
    title = models.CharField("intitulé", max_length=300)
    starts_on = models.DateField("début")
    ends_on = models.DateField("terme")
    notice_months = models.PositiveSmallIntegerField("préavis (mois)", null=True, blank=True)
    notice_reading = models.CharField(
        "lecture de la clause de préavis", max_length=20, choices=NoticeReading, default=NoticeReading.TERM
    )
    notice_article = models.CharField("article du préavis", max_length=10, blank=True)
    tacit_renewal = models.BooleanField("tacite reconduction", default=False)
    signed_on = models.DateField("signée le", null=True, blank=True)
    signed_at = models.CharField("fait à", max_length=100, blank=True)
    denounced_on = models.DateField(
        "préavis reçu le", null=True, blank=True, help_text="Le jour où l’autre partie a reçu la lettre."
    )
    denounced_by = models.CharField("dénoncée par", max_length=10, choices=Party, blank=True)
    agreed_ends_on = models.DateField(
        "terme convenu", null=True, blank=True, help_text="Le terme d’avant la dénonciation."
    )
    # The lines of the grid that the denunciation cut short or took away, as they were: see `denunciation.py`.
    grid_before_denunciation = models.JSONField(
        "grille d’avant la dénonciation", encoder=DjangoJSONEncoder, null=True, blank=True, editable=False
    )
    predecessor = models.OneToOneField(
        "self",
        verbose_name="succède à",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="successor",
    )
    deliberation = models.ForeignKey(
        Deliberation,
        verbose_name="délibération",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="conventions",
    )
    ccas_signatory_name = models.CharField("signataire du CCAS", max_length=150, blank=True)
    ccas_signatory_title = models.CharField("qualité", max_length=150, blank=True)
    partner_signatory_name = models.CharField("signataire du partenaire", max_length=150, blank=True)
    partner_signatory_title = models.CharField("qualité", max_length=150, blank=True)
    parties_text = models.TextField(
        "désignation des parties",
        blank=True,
        help_text="Ce qui suit « Entre ». Laisser vide pour une désignation tirée des fiches.",
    )
    preamble = models.TextField("préambule", blank=True)
    annex = models.TextField("annexe", blank=True)

    objects = ConventionQuerySet.as_manager()

    class Meta:
        verbose_name = "convention"
        verbose_name_plural = "conventions"
        ordering = ["-starts_on", "reference"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(ends_on__gte=models.F("starts_on")),
                name="convention_term_ordered",
                violation_error_message="Le terme doit suivre le début de la convention.",
            ),
            models.CheckConstraint(
                condition=models.Q(denounced_on=None, denounced_by="", agreed_ends_on=None)
                | (~models.Q(denounced_by="") & models.Q(denounced_on__isnull=False, agreed_ends_on__isnull=False)),
                name="convention_denounced_when_and_by",
                violation_error_message="Une dénonciation a une date, un auteur et le terme qu’elle a avancé.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.partner.short_name} – {self.site.short_name}, {self.starts_on.year}"

    def clean(self) -> None:
        if self.deliberation_id and self.site_id and self.deliberation.ccas_id != self.site.ccas_id:
            raise ValidationError({"deliberation": "Cette délibération concerne un autre CCAS."})
        if self.predecessor_id and self.starts_on and self.predecessor.ends_on >= self.starts_on:
            raise ValidationError({"predecessor": "Elle court encore à cette date : avancez d’abord son terme."})

    @property
    def ccas(self) -> Ccas:
        """The CCAS that signs: the one that runs the site."""
        return self.site.ccas

    @cached_property
    def amended_from(self) -> date | None:
        """The day from which the first of its avenants in force applies.

        A query, unless `search.with_stage_facts` brought it.
        """
        return self.amendments.filter(in_force_at__isnull=False).aggregate(day=models.Min("effective_on"))["day"]

    @property
    def stage_facts(self) -> StageFacts:
        """What happened to it, as its rows say."""
        act = self.deliberation
        return StageFacts(
            starts_on=self.starts_on,
            ends_on=self.ends_on,
            session_on=act.session_on if act else None,
            published_on=act.published_on if act else None,
            transmitted_on=act.transmitted_on if act else None,
            signed_on=self.signed_on,
            amended_from=self.amended_from,
            denounced_on=self.denounced_on,
        )

    def stage_on(self, day: date) -> Stage:
        """The stage on the civil date `day`, from the facts."""
        return stage_on(self.stage_facts, day)

    @property
    def stage(self) -> Stage:
        """The stage today, at the site."""
        return self.stage_on(self.site.today())

    @property
    def agreed_term_ends_on(self) -> date:
        """The last day that the parties agreed on, whatever a denunciation made of it."""
        return self.agreed_ends_on or self.ends_on

    @property
    def term_sentence(self) -> str:
        """« du 1er avril 2025 au 31 mars 2028 »."""
        return f"du {format_date_long(self.starts_on)} au {format_date_long(self.ends_on)}"
