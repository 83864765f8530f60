"""`manage.py backup FICHIER`: the database and the documents in one checksummed file."""

from pathlib import Path

from django.core.management.base import BaseCommand, CommandParser

from franceservices.backups import back_up


class Command(BaseCommand):
    help = "Enregistre la base et les documents dans un seul fichier, avec leurs empreintes."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("fichier", type=Path, help="le fichier à créer ; il ne doit pas exister")

    def handle(self, *args, **options) -> None:
        made = back_up(options["fichier"], tell=self.stdout.write)
        self.stdout.write(f"Sauvegarde faite : {made.path}, {made.size} octets.")
