"""Booking in four screens: reason, time, person, slip. What is chosen is in the address; only the last step posts."""

from dataclasses import replace
from datetime import date, datetime, timedelta

from django.conf import settings
from django.contrib import messages
from django.db.models import Q, QuerySet, Value
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.views import View

from bookings.duplicates import likely_duplicates
from bookings.errors import TimeNotOffered, TimeTaken, UnknownPerson
from bookings.forms import NEW_PERSON, BookingForm, TimeFilterForm, VisitorForm, find_visitor
from bookings.free_times import FreeTime, free_times, parse_time_key
from bookings.models import Appointment, Permanence, Reason, Visitor
from bookings.row_addresses import RowAddress
from bookings.services import book_appointment, book_for_new_visitor, time_to_book
from conventions.models import Audience
from franceservices.dates import day_bounds, format_date_weekday, format_time
from franceservices.db import Folded
from franceservices.text import fold
from partners.permissions import DeskMixin

from .booking_choices import (
    COMPARED,
    PEOPLE_SHOWN,
    BookingAddress,
    Offer,
    People,
    by_day,
    current_card,
    parameter,
    people_matching,
    reason_at,
    reasons_at,
    takers_of,
)

UNKNOWN_TIME = "Ce créneau n’existe pas. Choisissez-en un autre."
NEXT_TIMES = 5
DAYS_A_PAGE = 8
DAYS_AFTER_REFUSAL = 8
DUPLICATES_REMEMBERED = 20


class BookView(DeskMixin, View):
    """The booking page; which step it shows follows from what the address holds."""

    http_method_names = ["get", "head", "options", "post"]

    def get(self, request: HttpRequest) -> HttpResponse:
        self.read_address()
        if request.htmx and "q" in request.GET and self.address.creneau:
            people = people_matching(parameter(request.GET, "q"), self.visitors)
            return self.answer("bookings/_people.html", {"people": people, "is_fragment": True})
        if self.reason is None:
            return self.reasons_page()
        if not self.address.creneau:
            return self.times_page()
        time, refusal = self.find_time(self.address.creneau)
        if time is None:
            return self.times_page(refusal)
        return self.person_page(time)

    def post(self, request: HttpRequest) -> HttpResponse:
        self.read_address()
        if self.reason is None:
            return self.reasons_page()
        creneau = self.address.creneau
        form = BookingForm(request.POST, is_for_visitor=self.is_for_visitor)
        is_new = self.is_for_visitor and request.POST.get("who") == NEW_PERSON
        # What was typed of a new person is kept, but checked only when it is she who comes.
        person_form = VisitorForm(request.POST, today=self.site.today()) if is_new else None
        is_valid = form.is_valid() & (person_form is None or person_form.is_valid())
        seen = tuple(pk for pk in request.POST.getlist("seen") if pk.isascii() and pk.isdigit())[:DUPLICATES_REMEMBERED]
        people = People(creation_chosen=is_new, seen=seen)
        if not is_valid:
            time, refusal = self.find_time(creneau)
            return self.person_page(time, refusal, form=form, person_form=person_form, people=people)
        return self.book(creneau, form, person_form, people)

    # --- What the address says ------------------------------------------------------------------------------

    def read_address(self) -> None:
        """Set what is chosen; what cannot be taken from the address is told in `notices` and left open."""
        self.notices: list[str] = []
        self.address = BookingAddress.of(self.request.GET)
        if creneau := parameter(self.request.POST, "creneau"):
            # A time that the button names replaces the one of the address, which was refused.
            self.address = replace(self.address, creneau=creneau)
        self.reason = self.find_reason()
        self.visitor = None
        if self.address.usager:
            card = find_visitor(self.cards, self.address.usager)
            # The old address of a card that was merged into another leads to that one.
            self.visitor = card and card.current_card()
            if self.visitor is None:
                self.notices.append("Cette personne n’est pas connue de cet espace. Cherchez-la par son nom.")
                self.address = replace(self.address, usager="")

    @property
    def cards(self) -> QuerySet[Visitor]:
        """Those of all people known here, merged ones included."""
        return Visitor.objects.visible_to(self.request.user).filter(ccas=self.site.ccas_id)

    @property
    def visitors(self) -> QuerySet[Visitor]:
        """The people who may be chosen."""
        return self.cards.current()

    def find_reason(self) -> Reason | None:
        if not self.address.motif:
            return None
        key = parse_time_key(self.address.creneau)
        permanence_id = key[0] if key else None
        reason = reason_at(self.site, self.request.user, slug=self.address.motif, permanence_id=permanence_id)
        if reason is None:
            self.notices.append("Ce motif n’est pas proposé dans cet espace. Choisissez-en un dans la liste.")
            self.address = replace(self.address, motif="", creneau="")
        return reason

    @property
    def is_for_visitor(self) -> bool:
        """Whether somebody comes; a social worker's own appointment is for herself."""
        return self.reason.audience == Audience.PUBLIC

    def find_time(self, creneau: str) -> tuple[FreeTime | None, str]:
        """The time of this key, or None and the sentence that says why it cannot be had."""
        key = parse_time_key(creneau)
        if key is None:
            return None, UNKNOWN_TIME
        try:
            time = time_to_book(permanence_id=key[0], starts_at=key[1], reason=self.reason, by=self.request.user)
        except Permanence.DoesNotExist:
            return None, UNKNOWN_TIME
        except (TimeTaken, TimeNotOffered) as refusal:
            return None, refusal.message
        if time.permanence.site_id != self.site.pk:
            return None, "Ce créneau est celui d’un autre espace. Choisissez-en un autre."
        return time, ""

    def chosen_visitor(self, form: BookingForm) -> Visitor | None:
        """The person whose card the form names, if she may be chosen."""
        who = form.cleaned_data.get("who")
        return current_card(self.site, self.request.user, who) if isinstance(who, int) else None

    # --- The pages ------------------------------------------------------------------------------------------

    def answer(self, template: str, context: dict[str, object], status: int = 200) -> HttpResponse:
        response = render(self.request, template, context, status=status)
        # The same address gives a page or a fragment of it.
        patch_vary_headers(response, ["HX-Request"])
        return response

    def page(
        self, step: int, context: dict[str, object], *, time: FreeTime | None = None, status: int = 200
    ) -> HttpResponse:
        """The page at `step` (1 reason, 2 time, 3 person), with the lines of the other steps."""
        shared = {
            "step": step,
            "reason": self.reason,
            "time": time,
            "visitor": self.visitor,
            "address": self.address.given,
            "notices": self.notices,
            "is_for_visitor": self.reason is None or self.is_for_visitor,
            "reason_url": self.address.url(motif="", creneau=""),
            "times_url": self.address.url(creneau=""),
        }
        return self.answer("bookings/book.html", shared | context, status)

    def reasons_page(self) -> HttpResponse:
        words = parameter(self.request.GET, "q")
        partner = parameter(self.request.GET, "partenaire")
        every = list(reasons_at(self.site, self.request.user))
        if partner not in {taker.slug for reason in every for taker in reason.takers}:
            partner = ""
        rows = [
            (reason, self.address.url(motif=reason.slug))
            for reason in every
            if all(word in fold(f"{reason.label} {_names(reason)}") for word in fold(words).split())
            and (not partner or partner in {taker.slug for taker in reason.takers})
        ]
        groups = [
            (label, [(reason, url) for reason, url in rows if reason.audience == audience])
            for audience, label in [
                (Audience.PUBLIC, "Pour les usagers"),
                (Audience.SOCIAL_WORKERS, "Pour les travailleurs sociaux"),
            ]
        ]
        return self.page(
            1,
            {
                "groups": [(label, of_group) for label, of_group in groups if of_group],
                "words": words,
                "has_any_reason": bool(every),
                "filtered_partner": next(
                    (taker for reason in every for taker in reason.takers if taker.slug == partner), None
                ),
                "every_reason_url": self.address.url(partenaire=""),
            },
        )

    def offers(
        self,
        first_moment: datetime | None = None,
        *,
        enough_days: int,
        days: int | None = None,
        partner: str | None = None,
    ) -> list[Offer]:
        """The free times from `first_moment` on: all those of as many days as are enough, if there are so many."""
        times = free_times(
            reason=self.reason,
            sites=[self.site],
            user=self.request.user,
            first_moment=first_moment,
            days=days,
            partner_slug=partner or "",
            enough_days=enough_days,
        )
        return [Offer(time, self.address) for time in times]

    def times_page(self, refusal: str = "") -> HttpResponse:
        self.address = replace(self.address, creneau="")
        form = TimeFilterForm(self.address.given, partners=takers_of(self.reason, site=self.site))
        form.is_valid()
        day, partner = form.cleaned_data.get("jour"), form.cleaned_data.get("partenaire")
        if day is not None and day <= self.site.today():
            day = None
        first_moment = day_bounds(day, self.site.zone)[0] if day else None
        # Those of the page, and of the day that « Jours suivants » leads to.
        offers = self.offers(first_moment, enough_days=DAYS_A_PAGE + 1, partner=partner)
        days = by_day(offers)
        context = {
            "refusal": refusal,
            "filter_form": form,
            "day": day,
            "next_offers": [] if day else offers[:NEXT_TIMES],
            "days": days[:DAYS_A_PAGE],
            "later_url": self.address.url(jour=days[DAYS_A_PAGE][0].isoformat()) if days[DAYS_A_PAGE:] else "",
            "first_url": self.address.url(jour=""),
            "every_partner_url": self.address.url(partenaire=""),
            "partner_chosen": bool(partner),
        }
        if not offers:
            start = first_moment or timezone.now()
            until = start + timedelta(days=settings.BOOKING_HORIZON_DAYS)
            context["searched_until"] = timezone.localtime(until, self.site.zone).date()
            context["is_full"] = self.has_permanences(start, until)
            context["next_step_url"], context["next_day"] = self.after_the_horizon(until, partner)
        return self.page(2, context)

    def has_permanences(self, start: datetime, until: datetime) -> bool:
        """Whether the reason is taken at all in the period: then its times are gone, not missing."""
        return (
            Permanence.objects.bookable()
            .filter(site=self.site, partner__reasons=self.reason, audience=self.reason.audience)
            .filter(during__startswith__lt=until, during__endswith__gt=start)
            .exists()
        )

    def after_the_horizon(self, until: datetime, partner: str | None) -> tuple[str, date | None]:
        """Where the first time after the searched period is shown, and its day; nothing when there is none at all."""
        offers = self.offers(until, enough_days=1, days=settings.PERMANENCE_HORIZON_DAYS, partner=partner)
        return (self.address.url(jour=offers[0].day.isoformat()), offers[0].day) if offers else ("", None)

    def person_page(
        self,
        time: FreeTime | None,
        refusal: str = "",
        *,
        form: BookingForm | None = None,
        person_form: VisitorForm | None = None,
        people: People | None = None,
    ) -> HttpResponse:
        """Step 3; when the time was refused, with the next ones as buttons of the same form."""
        if people is None:
            words = parameter(self.request.GET, "q")
            people = people_matching(words, self.visitors) if words else People(chosen=self.visitor)
        if form is None:
            form = BookingForm(is_for_visitor=self.is_for_visitor)
        else:
            people = replace(people, chosen=self.chosen_visitor(form))
        if person_form is None:
            typed = self.request.POST if self.request.method == "POST" else people.guess
            person_form = VisitorForm(
                initial={name: typed[name] for name in VisitorForm.Meta.fields if name in typed},
                today=self.site.today(),
            )
        alternatives = [] if time else self.alternatives()
        return self.page(
            3,
            {
                "form": form,
                "person_form": person_form,
                "people": people,
                "refusal": refusal,
                "next_offers": alternatives[:NEXT_TIMES],
                "days": by_day(alternatives[NEXT_TIMES:])[:DAYS_AFTER_REFUSAL],
                "post_url": self.address.url(),
                "search_parameters": replace(self.address, usager="").given,
                "without_visitor_url": self.address.url(usager=""),
            },
            time=time,
            status=200 if time else 409,
        )

    def alternatives(self) -> list[Offer]:
        """The next free times after the refused one, or all of them when none follows."""
        key = parse_time_key(self.address.creneau)
        # The next ones may each be of a day of its own, which is then not among the other days.
        enough = NEXT_TIMES + DAYS_AFTER_REFUSAL
        return (key and self.offers(key[1], enough_days=enough)) or self.offers(enough_days=enough)

    # --- The booking ----------------------------------------------------------------------------------------

    def book(self, creneau: str, form: BookingForm, person_form: VisitorForm | None, people: People) -> HttpResponse:
        """Book, or show step 3 again with what was typed; a second click on the button finds what the first booked."""
        key = parse_time_key(creneau)
        doubtful = self.doubtful(person_form, people.seen) if person_form is not None else []
        # Asked after the duplicates: a person whom the first of two clicks registered has her appointment by then. For
        # somebody who was chosen the time itself tells: it is taken, and below it is asked by whom.
        booked = self.already_booked(key, form, person_form) if person_form is not None else None
        if booked is not None:
            return redirect("bookings:appointment_detail", booked.pk)
        if doubtful:
            people = People(found=doubtful, are_duplicates=True, seen=tuple(str(person.pk) for person in doubtful))
            time, refusal = self.find_time(creneau)
            return self.person_page(time, refusal, form=form, person_form=person_form, people=people)
        try:
            appointment = self.keep_time(key, form, person_form)
        except UnknownPerson as error:
            form.add_error("who", error.message)
            time, refusal = self.find_time(creneau)
            return self.person_page(time, refusal, form=form, person_form=person_form, people=people)
        except (TimeTaken, TimeNotOffered, Permanence.DoesNotExist) as error:
            booked = self.already_booked(key, form, person_form)
            if booked is not None:
                return redirect("bookings:appointment_detail", booked.pk)
            refusal = getattr(error, "message", UNKNOWN_TIME)
            return self.person_page(None, refusal, form=form, person_form=person_form, people=people)
        start = appointment.local_start
        messages.success(
            self.request,
            f"Rendez-vous pris pour {appointment.who}, {format_date_weekday(start.date())} "
            f"à {format_time(start.time())}.",
        )
        return HttpResponseRedirect(RowAddress("bookings:appointment_detail").of(appointment.pk))

    def keep_time(
        self,
        key: tuple[int, datetime] | None,
        form: BookingForm,
        person_form: VisitorForm | None,
    ) -> Appointment:
        if key is None:
            raise TimeNotOffered(UNKNOWN_TIME)
        wanted = {
            "permanence_id": key[0],
            "starts_at": key[1],
            "reason": self.reason,
            "subject": form.cleaned_data["subject"],
            "by": self.request.user,
        }
        if person_form is not None:
            return book_for_new_visitor(**wanted, ccas=self.site.ccas, **person_form.cleaned_data)
        return book_appointment(**wanted, visitor=form.cleaned_data.get("who"))

    def already_booked(
        self, key: tuple[int, datetime] | None, form: BookingForm, person_form: VisitorForm | None
    ) -> Appointment | None:
        """What this user already booked for this person at this very time, if she did."""
        if key is None:
            return None
        if person_form is not None:
            typed = person_form.cleaned_data
            person = Q(visitor__folded_name=Folded(Value(f"{typed['last_name']} {typed['first_name']}")))
        elif self.is_for_visitor:
            person = Q(visitor=form.cleaned_data["who"])
        else:
            person = Q(social_worker=self.request.user)
        return (
            Appointment.objects.standing()
            .filter(person, permanence=key[0], during__startswith=key[1], reason=self.reason)
            .filter(booked_by=self.request.user)
            .first()
        )

    def doubtful(self, person_form: VisitorForm, seen: tuple[str, ...]) -> list[Visitor]:
        """The likely duplicates of the new person, unless each was `seen` already and she is to be created anyway."""
        typed = {name: person_form.cleaned_data[name] for name in COMPARED}
        likely = list(likely_duplicates(ccas=self.site.ccas, **typed)[:PEOPLE_SHOWN])
        return likely if any(str(person.pk) not in seen for person in likely) else []


def _names(reason: Reason) -> str:
    return " ".join(partner.short_name for partner in reason.takers)
