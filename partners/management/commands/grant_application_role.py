from django.core.management.base import BaseCommand, CommandError, CommandParser

from partners.audit.role import RoleRefused, grant_application_role


class Command(BaseCommand):
    help = (
        "Donne au rôle PostgreSQL de l’application ce dont elle a besoin, et sur le journal la seule lecture. À lancer"
        " avec le rôle propriétaire de la base, après chaque « migrate » et chaque restauration."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("role", help="Nom du rôle avec lequel l’application et le worker se connectent.")

    def handle(self, *args, role: str, **options) -> None:
        try:
            grant_application_role(role)
        except RoleRefused as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"Le rôle « {role} » lit le journal et ne peut ni le changer ni l’effacer.")
