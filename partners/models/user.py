from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models

from franceservices.db import Folded

from .ccas import Ccas
from .partner import Partner
from .site import Site


class Role(models.TextChoices):
    """What a person does here; what each role may do is in the `permissions.py` of each floor."""

    RECEPTION = "reception", "Accueil"
    SOCIAL_WORKER = "social_worker", "Travailleur social"
    MANAGER = "manager", "Responsable"
    ADMINISTRATOR = "administrator", "Administrateur"
    PARTNER_AGENT = "partner_agent", "Agent d’un partenaire"


# The floors whose rows an administrator keeps in the admin; accounts' technical permissions are left out.
ADMINISTERED_APPS = frozenset({"partners", "conventions", "bookings", "casefiles"})


class UserManager(BaseUserManager):
    """Accounts are keyed on the e-mail address, kept in lower case."""

    def visible_to(self, user) -> "models.QuerySet[User]":
        """The accounts of the same CCAS; an agent of a partner sees her own only."""
        if user.is_superuser:
            return self.all()
        if user.ccas_id is not None:
            return self.filter(ccas_id=user.ccas_id)
        return self.filter(pk=user.pk)

    def create_user(self, email: str, password: str | None = None, **fields) -> "User":
        """Create an account; without a password nobody can sign in to it until one is set."""
        user = self.model(email=email.lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields) -> "User":
        """Create the technical account that runs the platform; it sees every CCAS."""
        fields.setdefault("role", Role.ADMINISTRATOR)
        return self.create_user(email, password, is_superuser=True, **fields)

    def get_by_natural_key(self, email: str | None) -> "User":
        return self.get(email=(email or "").lower())


class User(AbstractBaseUser, PermissionsMixin):
    """A person with an account: staff of a CCAS at some of its sites, or an agent of a partner."""

    email = models.EmailField("courriel", unique=True)
    first_name = models.CharField("prénom", max_length=100, blank=True)
    last_name = models.CharField("nom", max_length=100, blank=True)
    role = models.CharField("rôle", max_length=20, choices=Role)
    ccas = models.ForeignKey(
        Ccas,
        verbose_name="CCAS",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="users",
    )
    sites = models.ManyToManyField(
        Site,
        verbose_name="espaces",
        blank=True,
        related_name="users",
        help_text="Pour l’accueil et les travailleurs sociaux. Les responsables voient tous les espaces du CCAS.",
    )
    partner = models.ForeignKey(
        Partner,
        verbose_name="partenaire",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="users",
    )
    is_active = models.BooleanField("actif", default=True)
    created_at = models.DateTimeField("créé le", auto_now_add=True)

    objects = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: list[str] = []

    class Meta:
        verbose_name = "compte"
        verbose_name_plural = "comptes"
        ordering = [Folded("last_name"), Folded("first_name")]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(is_superuser=True)
                | models.Q(role="partner_agent", partner__isnull=False, ccas=None)
                | (~models.Q(role="partner_agent") & models.Q(partner=None, ccas__isnull=False)),
                name="user_belongs_to_ccas_or_partner",
                violation_error_message=(
                    "Un agent d’un partenaire est rattaché à ce partenaire, toute autre personne à un CCAS."
                ),
            ),
        ]

    def __str__(self) -> str:
        return self.get_full_name()

    def get_full_name(self) -> str:
        return f"{self.first_name} {self.last_name}".strip() or self.email

    def get_short_name(self) -> str:
        return self.first_name or self.email

    @property
    def is_partner_agent(self) -> bool:
        return self.role == Role.PARTNER_AGENT

    @property
    def oversees_ccas(self) -> bool:
        """Managers and administrators see all sites of their CCAS."""
        return self.role in (Role.MANAGER, Role.ADMINISTRATOR)

    @property
    def is_staff(self) -> bool:
        """Who may open the admin."""
        return self.is_active and (self.is_superuser or self.role == Role.ADMINISTRATOR)

    def has_perm(self, perm: str, obj: models.Model | None = None) -> bool:
        """Administrators hold every permission on the floors they keep; perimeters are the querysets' affair."""
        if self.is_staff and perm.partition(".")[0] in ADMINISTERED_APPS:
            return True
        return super().has_perm(perm, obj)

    def has_module_perms(self, app_label: str) -> bool:
        return (self.is_staff and app_label in ADMINISTERED_APPS) or super().has_module_perms(app_label)

    @property
    def may_book_for_social_workers(self) -> bool:
        """Only social workers are offered the times that a partner keeps for them."""
        return self.role == Role.SOCIAL_WORKER
