"""Loads conventions from TOML files: `manage.py load_convention besancon-cpam-2025` or any file of that form."""

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from conventions.agreements import Action, AgreementRefused, LoadReport, load_file
from franceservices.dates import join_fr

_SIGNS = {Action.CREATED: "+", Action.UPDATED: "~", Action.DELETED: "-"}


class Command(BaseCommand):
    help = (
        "Charge une ou plusieurs conventions écrites en TOML (voir docs/conventions-toml.md). "
        "Tout est enregistré, ou rien : une seule erreur dans un fichier les refuse tous. "
        "Charger deux fois le même fichier ne change rien."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "files",
            nargs="+",
            metavar="FICHIER",
            help="fichier .toml, ou nom d’une convention livrée, par exemple besancon-cpam-2025",
        )
        parser.add_argument("--dry-run", action="store_true", help="dire ce qui changerait, sans rien enregistrer")

    def handle(self, *args, **options) -> None:
        is_dry = options["dry_run"]
        refusals = []
        reports: list[LoadReport] = []
        with transaction.atomic():
            for name in options["files"]:
                try:
                    reports.append(load_file(path=name))
                except AgreementRefused as refusal:
                    refusals.append(self._refusal_text(name, refusal))
            if refusals or is_dry:
                transaction.set_rollback(True)
        if refusals:
            raise CommandError("\n".join([*refusals, "Rien n’a été enregistré."]))
        for report in reports:
            self._print(report, verbosity=options["verbosity"] + is_dry)
        if is_dry:
            self.stdout.write("Essai à blanc\u00a0: rien n’a été enregistré.")

    def _refusal_text(self, name: str, refusal: AgreementRefused) -> str:
        count = len(refusal.problems)
        lines = [f"{name}\u00a0: {count} erreur{'s' if count > 1 else ''}."]
        return "\n".join([*lines, *(f"  - {problem}" for problem in refusal.problems)])

    def _print(self, report: LoadReport, *, verbosity: int) -> None:
        """0: one line an agreement; 1: one line a row, with what was modified; 2: also with what was created."""
        reference = report.convention.reference
        if report.is_unchanged:
            self.stdout.write(f"{reference}\u00a0: rien à changer.")
        else:
            counts = ((report.count(action), action) for action in Action)
            said = [f"{count} {action}{'s' if count > 1 else ''}" for count, action in counts if count]
            self.stdout.write(f"{reference}\u00a0: {join_fr(said)}.")
        for change in report.changes if verbosity else []:
            self.stdout.write(f"  {_SIGNS[change.action]} {change.action}\u00a0: {change.what}")
            if verbosity > 1 or change.action == Action.UPDATED:
                for field in change.fields:
                    self.stdout.write(f"      {field}")
        for answer in report.answers:
            self.stdout.write(f"  = {answer.summary()}")
            for detail in answer.details():
                self.stdout.write(self.style.WARNING(f"  ! {detail}"))
        for warning in report.warnings:
            self.stdout.write(self.style.WARNING(f"  ! {warning}"))
