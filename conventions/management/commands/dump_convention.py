"""Gives a convention back as TOML: `manage.py dump_convention besancon-cpam-2025 --output copie.toml`."""

from pathlib import Path

from django.core.management.base import BaseCommand, CommandError, CommandParser

from conventions.agreements import AgreementRefused, dump_agreement, parse_agreement
from conventions.agreements.problems import suggestion
from conventions.models import Convention


class Command(BaseCommand):
    help = "Écrit une convention enregistrée sous la forme que lit load_convention (voir docs/conventions-toml.md)."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("reference", metavar="RÉFÉRENCE", help="référence de la convention")
        parser.add_argument("--output", metavar="FICHIER", help="fichier à écrire (la sortie standard, sinon)")

    def handle(self, *args, **options) -> None:
        text = dump_agreement(convention=self._convention(options["reference"]))
        try:
            parse_agreement(text)
        except AgreementRefused as refusal:
            # What the pages allow and the form does not, such as two articles of one number: written all the same.
            self.stderr.write("Attention\u00a0: à corriger avant de recharger ce fichier.")
            for problem in refusal.problems:
                self.stderr.write(f"  - {problem}")
        if not options["output"]:
            self.stdout.write(text, ending="")
            return
        try:
            Path(options["output"]).write_text(text, encoding="utf-8")
        except OSError as error:
            raise CommandError(f"{options['output']}\u00a0: ne peut pas être écrit ({error.strerror}).") from error
        self.stdout.write(f"{options['output']}\u00a0: écrit.")

    def _convention(self, reference: str) -> Convention:
        convention = Convention.objects.with_parties().filter(reference=reference).first()
        if convention is None:
            known = list(Convention.objects.order_by("reference").values_list("reference", flat=True))
            listed = f" Conventions enregistrées\u00a0: {', '.join(known)}." if known else " Aucune n’est enregistrée."
            hint = suggestion(reference, known)
            raise CommandError(f"Aucune convention ne porte la référence «\u00a0{reference}\u00a0».{hint}{listed}")
        return convention
