"""`manage.py import_school_holidays`: zones A, B and C from the pinned list, or any zone from a CSV file."""

from pathlib import Path

from django.core.management import BaseCommand, CommandError
from django.core.management.base import CommandParser
from django.utils import timezone

from franceservices.errors import DomainError
from partners.school_holidays import listed_periods, periods_of_file, store_periods


class Command(BaseCommand):
    help = "Inscrit les vacances scolaires\u00a0: zones A, B et C, ou d’un fichier CSV (colonnes zone, nom, du, au)."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--csv", type=Path, metavar="FICHIER", help="un fichier CSV, pour les autres zones")

    def handle(self, *args, **options) -> None:
        try:
            if options["csv"]:
                periods = periods_of_file(options["csv"])
            else:
                # From the year before: holidays that run over the New Year are one period.
                periods = listed_periods(first_year=timezone.localdate().year - 1)
        except DomainError as error:
            raise CommandError(error.message) from error
        self.stdout.write(f"{store_periods(periods)} périodes de vacances inscrites.")
