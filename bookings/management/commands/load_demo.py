"""`manage.py load_demo`: the two real conventions, fictional partners, and a fictional year of activity.

The floors above this one may not be imported from here: the settings name what they add (`DEMO_LOADERS`), each a
function that takes `tell`, to which it gives a line of progress.
"""

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.utils.module_loading import import_string

from bookings.demo_visits import make_desk_reasons, make_desk_visits
from bookings.demo_year import make_accounts, make_activity, make_reasons
from conventions.demo_amendments import make_amendments
from partners.models import SchoolZone, Site

REAL_AGREEMENTS = ["besancon-cpam-2025", "montsinery-cgss-2016"]
SCHOOL_ZONES = {"planoise": SchoolZone.A, "montsinery": SchoolZone.GUYANE}
AGREEMENTS_FOLDER = settings.BASE_DIR / "conventions" / "agreements"


class Command(BaseCommand):
    help = "Charge les deux conventions réelles et une année d’activité fictive ; peut être relancée sans risque."

    def handle(self, *args, **options) -> None:
        if not settings.DEMO:
            raise CommandError(
                "Refusé : cette commande crée des comptes dont le mot de passe est public. "
                "Elle n’agit que si la variable DEMO vaut True."
            )
        files = [str(AGREEMENTS_FOLDER / f"{name}.toml") for name in REAL_AGREEMENTS]
        files += sorted(str(path) for path in (AGREEMENTS_FOLDER / "demo").glob("*.toml"))
        call_command("load_convention", *files, verbosity=0, stdout=self.stdout)
        for slug, zone in SCHOOL_ZONES.items():
            Site.objects.filter(slug=slug, school_zone="").update(school_zone=zone)
        call_command("import_school_holidays", stdout=self.stdout)
        make_reasons()
        make_desk_reasons()
        make_accounts()
        # Before the activity: the dates that an avenant adds are booked like the others, at the first run.
        make_amendments(tell=self.stdout.write)
        for site in Site.objects.select_related("ccas").filter(slug__in=["planoise", "montsinery"]):
            added = make_activity(site, self._tell)
            self.stdout.write(f"{site.short_name} : {added} rendez-vous fictifs ajoutés.")
            self.stdout.write(f"{site.short_name} : {make_desk_visits(site)} passages fictifs ajoutés.")
        for path in settings.DEMO_LOADERS:
            import_string(path)(tell=self.stdout.write)

    def _tell(self, line: str) -> None:
        self.stdout.write(f"  {line}")
        self.stdout.flush()
