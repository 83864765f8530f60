"""`manage.py generate_permanences`: dated permanences from the weekly grids, up to the horizon."""

from datetime import date

from django.core.management.base import BaseCommand, CommandError, CommandParser

from bookings.generation import generate_permanences
from conventions.models import Convention
from franceservices.dates import format_date_long, parse_iso_date_or_none
from partners.models import Site


class Command(BaseCommand):
    help = "Crée les permanences datées à partir des grilles hebdomadaires ; peut être relancée sans risque."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--site", help="identifiant de l’espace ; tous par défaut")
        parser.add_argument("--du", dest="first", help="premier jour, AAAA-MM-JJ ; aujourd’hui par défaut")
        parser.add_argument("--au", dest="last", help="dernier jour, AAAA-MM-JJ ; l’horizon des réglages par défaut")

    def handle(self, *args, **options) -> None:
        conventions = Convention.objects.with_parties().order_by("pk")
        if options["site"]:
            if not Site.objects.filter(slug=options["site"]).exists():
                raise CommandError(f"Aucun espace ne porte l’identifiant « {options['site']} ».")
            conventions = conventions.filter(site__slug=options["site"])
        report = generate_permanences(
            conventions=conventions, first=self._day(options["first"]), last=self._day(options["last"])
        )
        self.stdout.write(report.summary())
        for found in report.conflicts:
            self.stdout.write(
                f"  bureau pris : {found.slot.office}, {format_date_long(found.day)}, {found.slot} "
                f"({found.slot.allocation.convention.reference})"
            )
        for permanence in report.orphaned:
            self.stdout.write(f"  hors grille, avec des rendez-vous : {permanence}")

    def _day(self, text: str | None) -> date | None:
        if text is None:
            return None
        day = parse_iso_date_or_none(text)
        if day is None:
            raise CommandError(f"« {text} » n’est pas une date : écrivez-la AAAA-MM-JJ, par exemple 2026-04-01.")
        return day
