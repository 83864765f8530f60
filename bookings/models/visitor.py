from datetime import date

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import TrigramWordSimilarity
from django.db import models
from django.db.models.functions import Concat, Lower, Replace

from bookings.visitor_search import search_terms
from franceservices.db import Folded, Joined, SortedWords
from partners.models import Ccas


class VisitorQuerySet(models.QuerySet):
    def visible_to(self, user) -> "VisitorQuerySet":
        """The people known to the CCAS of `user`; a partner's agent has no list of people."""
        return self.filter(ccas__in=Ccas.objects.visible_to(user))

    def current(self) -> "VisitorQuerySet":
        """The cards that were neither merged into another nor anonymised."""
        return self.filter(merged_into=None, anonymised_at=None)

    def matching(self, words: str) -> "VisitorQuerySet":
        """Those in whose name, phone or e-mail each of `words` occurs, whatever the accents, case, order and spelling.

        A word is folded by the same SQL function as the names: what it makes of rare letters is the same on both sides.
        """
        visitors = self
        for term in search_terms(words).every:
            visitors = visitors.filter(search_text__contains=Folded(models.Value(term)))
        return visitors

    def resembling(self, words: str) -> "VisitorQuerySet":
        """Those that hold something like each of `words`, the nearest first: for when nobody matches exactly.

        How near is near enough is pg_trgm's `word_similarity_threshold` (see the settings). Words of one or two letters
        are left aside; nobody resembles words that are all so short.
        """
        terms = [Folded(models.Value(term)) for term in search_terms(words).resembling]
        if not terms:
            return self.none()
        visitors, nearness = self, models.Value(0.0)
        for term in terms:
            visitors = visitors.filter(search_text__trigram_word_similar=term)
            nearness = nearness + TrigramWordSimilarity(term, "search_text")
        return visitors.order_by(nearness.desc(), "folded_name", "pk")


def _without_spaces(name: str) -> Replace:
    return Replace(Folded(name), models.Value(" "), models.Value(""))


def needs_in_words(*, interpreter_language: str, needs_wheelchair_access: bool, phone_only: bool) -> list[str]:
    """What the desk must prepare: « interprète arabe », « fauteuil roulant », « par téléphone »."""
    wanted = [
        (f"interprète {interpreter_language}", bool(interpreter_language)),
        ("fauteuil roulant", needs_wheelchair_access),
        ("par téléphone", phone_only),
    ]
    return [words for words, is_needed in wanted if is_needed]


EMPTY_CARD = {
    "last_name": "",
    "first_name": "",
    "birth_date": None,
    "phone": "",
    "email": "",
    "interpreter_language": "",
    "needs_wheelchair_access": False,
    "phone_only": False,
    "staff_notes": "",
    "email_consent": False,
    "sms_consent": False,
}
"""What a card holds once it is anonymised: its number and its dates, which past figures count, and nothing else."""


class Visitor(models.Model):
    """A person received (*usager*): a name, and what she chose to give besides.

    There is no field for a social security number: décret n° 2019-341 lists who may process it, and a desk is not.
    """

    ccas = models.ForeignKey(Ccas, verbose_name="CCAS", on_delete=models.PROTECT, related_name="visitors")
    last_name = models.CharField("nom", max_length=100)
    first_name = models.CharField("prénom", max_length=100, blank=True)
    birth_date = models.DateField("date de naissance", null=True, blank=True)
    phone = models.CharField("téléphone", max_length=20, blank=True)
    email = models.EmailField("courriel", blank=True)
    interpreter_language = models.CharField("interprète (langue)", max_length=60, blank=True)
    needs_wheelchair_access = models.BooleanField("fauteuil roulant", default=False)
    phone_only = models.BooleanField("joignable par téléphone seulement", default=False)
    staff_notes = models.TextField(
        "notes internes", blank=True, help_text="Lues par le CCAS seulement, jamais par un partenaire."
    )
    email_consent = models.BooleanField("accepte les courriels", default=False)
    sms_consent = models.BooleanField("accepte les SMS", default=False)
    merged_into = models.ForeignKey(
        "self",
        verbose_name="fusionné dans",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="merged_cards",
    )
    folded_name = models.GeneratedField(
        expression=Folded(Concat("last_name", models.Value(" "), "first_name")),
        output_field=models.TextField(),
        db_persist=True,
        verbose_name="nom pour la recherche",
    )
    # « D’Agostino Jean-Pierre » is also found as « dagostino » and « jeanpierre ».
    search_text = models.GeneratedField(
        expression=Joined(
            Folded(Joined("last_name", "first_name", "email")),
            _without_spaces("last_name"),
            _without_spaces("first_name"),
            "phone",
        ),
        output_field=models.TextField(),
        db_persist=True,
        verbose_name="texte pour la recherche",
    )
    name_key = models.GeneratedField(
        expression=SortedWords(Folded(Joined("last_name", "first_name"))),
        output_field=models.TextField(),
        db_persist=True,
        verbose_name="nom, ses mots par ordre alphabétique",
    )
    created_at = models.DateTimeField("créé le", auto_now_add=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name="créé par",
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
    )

    corrected_at = models.DateTimeField("corrigée le", null=True, blank=True)
    # Her visits are counted all the same; exported lines no longer say that they are one person's.
    is_unlinked_in_exports = models.BooleanField(
        "sans numéro de fiche dans les exports", default=False, db_default=False
    )
    anonymised_at = models.DateTimeField("anonymisée le", null=True, blank=True)

    objects = VisitorQuerySet.as_manager()

    class Meta:
        verbose_name = "usager"
        verbose_name_plural = "usagers"
        ordering = ["folded_name", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(merged_into=None) | ~models.Q(merged_into=models.F("pk")),
                name="visitor_not_merged_into_itself",
            ),
            models.CheckConstraint(
                condition=models.Q(anonymised_at=None) | models.Q(**EMPTY_CARD),
                name="visitor_anonymised_is_empty",
            ),
        ]
        indexes = [
            GinIndex(name="visitor_search_trigram", fields=["search_text"], opclasses=["gin_trgm_ops"]),
            models.Index(name="visitor_ccas_name", fields=["ccas", "folded_name"]),
            # By these keys likely duplicates find each other.
            models.Index(name="visitor_ccas_name_key", fields=["ccas", "name_key"]),
            models.Index(name="visitor_ccas_phone", fields=["ccas", "phone"], condition=~models.Q(phone="")),
            models.Index(models.F("ccas"), Lower("email"), name="visitor_ccas_email", condition=~models.Q(email="")),
            models.Index(
                name="visitor_ccas_birth_date",
                fields=["ccas", "birth_date"],
                condition=models.Q(birth_date__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.full_name

    @property
    def full_name(self) -> str:
        """« Prénom NOM », as lists and slips print it; the number of the card once the name is gone."""
        if self.anonymised_at is not None:
            return f"Personne n°\u00a0{self.pk}"
        return f"{self.first_name} {self.last_name.upper()}".strip()

    @property
    def needs(self) -> list[str]:
        """What the desk must prepare, in words."""
        return needs_in_words(
            interpreter_language=self.interpreter_language,
            needs_wheelchair_access=self.needs_wheelchair_access,
            phone_only=self.phone_only,
        )

    def age_on(self, day: date) -> int | None:
        """Whole years on the civil date `day`; None without a birth date."""
        if self.birth_date is None:
            return None
        had_birthday = (day.month, day.day) >= (
            self.birth_date.month,
            self.birth_date.day,
        )
        return day.year - self.birth_date.year - (not had_birthday)

    def current_card(self) -> "Visitor":
        """The card that holds what is known of this person now: itself, unless it was merged, and that one perhaps
        too.
        """
        card = self
        while card.merged_into_id is not None:
            card = card.merged_into
        return card
