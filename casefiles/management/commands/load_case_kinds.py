"""`manage.py load_case_kinds`: the kinds of files and their checklists, once; what was edited since stays."""

from django.core.management.base import BaseCommand, CommandError

from casefiles.kinds import load_case_kinds
from partners.models import Partner


class Command(BaseCommand):
    help = (
        "Inscrit les natures de dossier (PUMa, CMU-c, ACS, C2S, AME, retraite, réversion, ASPA) et leurs pièces à"
        " fournir. Peut être relancée : ce qui a été modifié depuis n’est jamais remis."
    )

    def add_arguments(self, parser) -> None:
        for branch, words in (("sante", "l’assurance maladie"), ("retraite", "la retraite")):
            parser.add_argument(
                f"--{branch}",
                nargs="*",
                default=[],
                metavar="CAISSE",
                help=f"identifiants des partenaires qui traitent {words}, par exemple cgss-guyane",
            )

    def handle(self, *args, **options) -> None:
        partners = {"health": self._partners(options["sante"]), "retirement": self._partners(options["retraite"])}
        written = load_case_kinds(partners=partners)
        for label in written:
            self.stdout.write(f"Ajoutée : {label}")
        if not written:
            self.stdout.write("Toutes les natures de dossier étaient déjà inscrites.")

    def _partners(self, slugs: list[str]) -> list[Partner]:
        found = {partner.slug: partner for partner in Partner.objects.filter(slug__in=slugs)}
        for slug in slugs:
            if slug not in found:
                raise CommandError(f"Aucun partenaire ne porte l’identifiant « {slug} ».")
        return [found[slug] for slug in slugs]
