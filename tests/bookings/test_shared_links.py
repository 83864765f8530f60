"""A partner without an account: what the desk hands out, what its address shows, and when it stops opening."""

import datetime as dt
import re
from html import unescape

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from bookings.models import PermanenceStatus, SharedLink, SharedLinkKind
from bookings.shared_links import create_calendar_link, create_planning_link, digest_of, revoke_shared_link
from franceservices.errors import DomainError
from partners.models import Role, Site
from tests.factories import ConventionFactory, PartnerFactory, SiteFactory, VisitorFactory, agent_of, staff_of

from .schedules import ABSURD, booked, held, queries_of, words_of

TODAY, TUESDAY, THURSDAY = dt.date(2026, 3, 2), dt.date(2026, 3, 3), dt.date(2026, 3, 5)
LINKS = reverse("bookings:shared_link_list")


def planning(token: str) -> str:
    return reverse("bookings:shared_planning", args=[token])


def handed_out(desk, *, days: int = 30, **fields) -> tuple[SharedLink, str]:
    values = {"site": desk.site, "partner": desk.partner, "recipient": "Mme Roy", "by": desk.receptionist}
    return create_planning_link(**values | fields, last_day=desk.site.today() + dt.timedelta(days=days))


# --- The desk hands out and revokes ------------------------------------------------------------------------------


def test_the_address_is_shown_once_and_opens_the_planning(client, desk):
    client.force_login(desk.receptionist)
    posted = client.post(LINKS, {"partner": desk.partner.slug, "recipient": "Mme Roy", "last_day": "2026-04-01"})
    assert posted.status_code == 200
    address = unescape(re.search(r'value="(http[^"]+)"', posted.content.decode())[1])
    link = SharedLink.objects.get()
    assert (link.recipient, link.last_day, link.created_by) == ("Mme Roy", dt.date(2026, 4, 1), desk.receptionist)
    token = address.rstrip("/").rpartition("/")[2]
    assert link.token_digest == digest_of(token) != token
    assert posted["Cache-Control"] == "private, no-store"
    again = client.get(LINKS)
    assert token not in again.content.decode()
    assert "Mme Roy" in words_of(again)
    client.logout()
    assert client.get(address.removeprefix("http://testserver")).status_code == 200


def test_the_public_name_of_the_server_is_used_where_one_is_configured(client, desk, settings):
    settings.PUBLIC_URL = "https://rdv.exemple.fr"
    client.force_login(desk.receptionist)
    posted = client.post(LINKS, {"partner": desk.partner.slug, "recipient": "Mme Roy", "last_day": "2026-04-01"})
    assert 'value="https://rdv.exemple.fr/planning/' in posted.content.decode()


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("last_day", "2026-06-01", "Choisissez une date entre aujourd’hui et le 31 mai 2026."),
        ("last_day", "2026-03-01", "Choisissez une date entre aujourd’hui et le 31 mai 2026."),
        ("last_day", "9999-12-31", "L’année doit être comprise entre 1900 et 2199."),
        ("last_day", "", "Choisissez le dernier jour de validité."),
        ("partner", "inconnu", "Choisissez un partenaire de la liste."),
        ("partner", "\x00", "Choisissez un partenaire de la liste."),
        ("recipient", " ", "Écrivez à qui l’adresse sera remise."),
        ("recipient", "x" * 151, "150 caractères au plus"),
    ],
)
def test_what_cannot_be_is_said_beside_its_field(client, desk, field, value, said):
    client.force_login(desk.receptionist)
    right = {"partner": desk.partner.slug, "recipient": "Mme Roy", "last_day": "2026-04-01"}
    assert said in words_of(client.post(LINKS, right | {field: value}))
    assert not SharedLink.objects.exists()


def test_ninety_days_are_the_longest_and_thirty_are_proposed(client, desk):
    client.force_login(desk.receptionist)
    assert 'value="2026-04-01"' in client.get(LINKS).content.decode()
    assert handed_out(desk, days=90)[0].last_day == dt.date(2026, 5, 31)
    for days in (-1, 91):
        with pytest.raises(DomainError, match="31 mai 2026"):
            handed_out(desk, days=days)


def test_only_a_partner_with_a_convention_at_the_space_is_offered(client, desk):
    stranger, former = PartnerFactory(name="Étrangère"), PartnerFactory(name="Ancienne")
    ConventionFactory(partner=stranger)
    ConventionFactory(site=desk.site, partner=former, starts_on=dt.date(2020, 1, 1), ends_on=dt.date(2026, 3, 1))
    client.force_login(desk.receptionist)
    page = client.get(LINKS).content.decode()
    assert desk.partner.name in page
    assert "Étrangère" not in page
    assert "Ancienne" not in page
    with pytest.raises(DomainError, match="n’a pas de convention"):
        handed_out(desk, partner=stranger)


def test_revoking_asks_first_and_closes_at_once(client, desk):
    link, token = handed_out(desk)
    client.force_login(desk.receptionist)
    revoke = reverse("bookings:shared_link_revoke", args=[link.pk])
    assert "Révoquer ce lien ?" in words_of(client.get(revoke))
    assert client.get(planning(token)).status_code == 200
    page = client.post(revoke, follow=True)
    assert "Lien révoqué : l’adresse remise à Mme Roy ne s’ouvre plus." in words_of(page)
    assert client.get(planning(token)).status_code == 404
    link.refresh_from_db()
    assert link.revoked_by == desk.receptionist
    assert "déjà révoqué" in words_of(client.get(revoke))
    assert "déjà révoqué" in words_of(client.post(revoke, follow=True))
    with pytest.raises(DomainError, match="déjà révoqué"):
        revoke_shared_link(link=link, by=desk.receptionist)


def test_links_are_searched_without_regard_to_accents_and_paged(client, desk):
    for number in range(26):
        handed_out(desk, recipient=f"Agence {number}")
    handed_out(desk, recipient="Élodie Müller")
    client.force_login(desk.receptionist)
    assert "27 liens" in words_of(client.get(LINKS))
    assert "Agence 0" in words_of(client.get(LINKS, {"page": "2"}))
    assert "Agence 0" in words_of(client.get(LINKS, {"page": "99999"}))
    found = words_of(client.get(LINKS, {"q": "muller ELODIE cpam"}))
    assert "1 lien " in found
    assert "Agence" not in found.partition("1 lien ")[2].partition("Accessibilité")[0]
    assert "Aucun lien ne répond" in words_of(client.get(LINKS, {"q": "personne"}))
    for absurd in ("\x00", "%", "x" * 5000, "🎈"):
        assert client.get(LINKS, {"q": absurd, "page": absurd}).status_code == 200


def test_links_and_their_expiry_cost_the_same_for_one_and_for_many(client, desk):
    client.force_login(desk.receptionist)
    handed_out(desk)
    few = queries_of(client, LINKS, CaptureQueriesContext(connection))
    for number in range(20):
        other = ConventionFactory(site=desk.site).partner
        link, _ = handed_out(desk, partner=other, by=staff_of(desk.site))
        if number % 2:
            revoke_shared_link(link=link, by=staff_of(desk.site))
    assert queries_of(client, LINKS, CaptureQueriesContext(connection)) == few <= 9


def test_another_spaces_links_do_not_exist_here(client, desk):
    link, _ = handed_out(desk)
    client.force_login(staff_of(SiteFactory()))
    assert "Mme Roy" not in words_of(client.get(LINKS))
    revoke = reverse("bookings:shared_link_revoke", args=[link.pk])
    assert (client.get(revoke).status_code, client.post(revoke).status_code) == (404, 404)
    with pytest.raises(SharedLink.DoesNotExist):
        revoke_shared_link(link=link, by=staff_of(SiteFactory()))
    with pytest.raises(Site.DoesNotExist):
        handed_out(desk, by=staff_of(SiteFactory()))


def test_an_agent_neither_lists_nor_hands_out_nor_revokes(client, desk):
    link, _ = handed_out(desk)
    client.force_login(desk.agent)
    revoke = reverse("bookings:shared_link_revoke", args=[link.pk])
    assert [client.get(LINKS).status_code, client.post(LINKS).status_code] == [404, 404]
    assert [client.get(revoke).status_code, client.post(revoke).status_code] == [404, 404]
    with pytest.raises(SharedLink.DoesNotExist):
        revoke_shared_link(link=link, by=desk.agent)
    with pytest.raises(Site.DoesNotExist):
        handed_out(desk, by=desk.agent)


# --- What the address shows --------------------------------------------------------------------------------------


@pytest.fixture
def full_week(desk):
    """A booked week, with things that must stay inside."""
    visitor = VisitorFactory(
        ccas=desk.site.ccas,
        last_name="Petit",
        first_name="Anastasia",
        birth_date=dt.date(1987, 6, 5),
        phone="+33639981234",
        email="ana.petit@exemple.fr",
        needs_wheelchair_access=True,
        interpreter_language="arabe",
        staff_notes="Note interne",
    )
    booked(desk.permanence_at(THURSDAY, "09:00"), "10:00", visitor=visitor, reason=desk.reason, subject="Divorce")
    booked(desk.permanence_at(TUESDAY, "09:00"), "09:00", social_worker=desk.social_worker, reason=desk.hard_case)
    caf = PartnerFactory(name="CAF du Doubs", short_name="CAF")
    booked(held(desk.site, caf, THURSDAY), "09:00", visitor=VisitorFactory(last_name="Secret"), reason=desk.reason)
    elsewhere = held(SiteFactory(short_name="Ailleurs"), desk.partner, THURSDAY)
    booked(elsewhere, "09:00", visitor=VisitorFactory(last_name="Lointain"), reason=desk.reason)
    return visitor


def test_the_hour_the_name_to_call_and_the_reason_and_nothing_else(client, desk, full_week):
    _, token = handed_out(desk)
    answer = client.get(planning(token))
    words, page = words_of(answer), answer.content.decode()
    assert "10h00 PETIT A. Carte Vitale" in words
    assert "9h00 MONNIER C. travailleur social Situation complexe" in words
    assert "jeudi 5 mars 2026 8h30–12h30 · bureau" in words
    for kept in (
        *("Anastasia", "39981234", "39 98 12 34", "ana.petit", "1987", "Divorce", "fauteuil", "arabe", "Note interne"),
        *("SECRET", "CAF", "LOINTAIN", "Ailleurs", "Claire"),
    ):
        assert kept not in page, kept


def test_a_cancelled_permanence_names_nobody(client, desk):
    booked(
        held(desk.site, desk.partner, dt.date(2026, 3, 6), status=PermanenceStatus.CANCELLED),
        "09:00",
        visitor=VisitorFactory(last_name="Perdu"),
        reason=desk.reason,
    )
    words = words_of(client.get(planning(handed_out(desk)[1])))
    assert "annulée" in words
    assert "PERDU" not in words


def test_nobody_indexes_keeps_or_tells_the_address_and_no_session_opens(client, desk):
    answer = client.get(planning(handed_out(desk)[1]))
    assert answer["X-Robots-Tag"] == "noindex, nofollow"
    assert answer["Referrer-Policy"] == "no-referrer"
    assert answer["Cache-Control"] == "private, no-store"
    assert not answer.cookies


def test_reading_writes_nothing_and_costs_three_queries_whatever_the_week(client, desk):
    _, token = handed_out(desk)
    with CaptureQueriesContext(connection) as one:
        client.get(planning(token))
    for day in (TUESDAY, THURSDAY, dt.date(2026, 3, 6)):
        for clock in ("08:30", "09:30", "10:30"):
            booked(held(desk.site, desk.partner, day, "08:30", "12:30"), clock, reason=desk.reason)
    with CaptureQueriesContext(connection) as many:
        client.get(planning(token))
    assert len(one) == len(many) == 3
    assert all(query["sql"].startswith("SELECT") for query in many.captured_queries)


def test_a_member_of_staff_sees_the_same_page(client, desk):
    _, token = handed_out(desk)
    strangers = client.get(planning(token)).content
    client.force_login(desk.receptionist)
    assert client.get(planning(token)).content == strangers


def test_only_reading_is_possible(client, desk):
    assert client.post(planning(handed_out(desk)[1])).status_code == 405


def test_weeks_go_from_this_one_to_the_last_of_the_link(client, desk):
    _, token = handed_out(desk, days=10)  # to Thursday of the next week
    this_week = words_of(client.get(planning(token)))
    assert "semaine du 2 au 8 mars 2026" in this_week
    assert "Semaine suivante" in this_week
    assert "Semaine précédente" not in this_week
    for asked in ("2026-03-12", "2026-05-01", "2199-12-31"):
        last = words_of(client.get(planning(token), {"jour": asked}))
        assert "semaine du 9 au 15 mars 2026" in last
        assert "Semaine suivante" not in last
    assert "semaine du 2 au 8 mars" in words_of(client.get(planning(token), {"jour": "2025-01-01"}))


def test_an_empty_week_tells_the_next_day(client, desk):
    site = SiteFactory(ccas=desk.site.ccas)
    held(site, desk.partner, dt.date(2026, 3, 19))
    ConventionFactory(site=site, partner=desk.partner)
    _, token = handed_out(desk, site=site, by=staff_of(site))
    assert "Aucune permanence cette semaine. La prochaine : jeudi 19 mars 2026." in words_of(
        client.get(planning(token))
    )


@pytest.mark.parametrize("absurd", ABSURD)
def test_an_absurd_day_shows_this_week(client, desk, absurd):
    answer = client.get(planning(handed_out(desk)[1]), {"jour": absurd})
    assert answer.status_code == 200
    assert "n’est pas une date" in words_of(answer)


def test_hours_are_those_of_the_space(client, desk):
    cayenne = SiteFactory(cayenne=True)
    ConventionFactory(site=cayenne, partner=desk.partner)
    booked(held(cayenne, desk.partner, THURSDAY, "09:00", "11:00"), "09:30", reason=desk.reason)
    words = words_of(client.get(planning(handed_out(desk, site=cayenne, by=staff_of(cayenne))[1])))
    assert "9h30 AMRANI L." in words
    assert "Guyane (Cayenne)" in words


# --- When it stops opening ---------------------------------------------------------------------------------------


def test_it_opens_to_the_end_of_its_last_day_at_the_space(client, desk, monday_morning):
    _, token = handed_out(desk, days=1)
    monday_morning.move_to(desk.at(TUESDAY, "23:59"))
    assert client.get(planning(token)).status_code == 200
    monday_morning.move_to(desk.at(dt.date(2026, 3, 4), "00:00"))
    assert client.get(planning(token)).status_code == 404


def test_unknown_revoked_and_expired_addresses_answer_alike(client, desk, monday_morning):
    (revoked, first), (_, second) = handed_out(desk), handed_out(desk, days=1)
    revoke_shared_link(link=revoked, by=desk.receptionist)
    _, feed = create_calendar_link(site=desk.site, device="", by=desk.agent)
    monday_morning.move_to(desk.at(THURSDAY, "08:00"))
    answers = [client.get(planning(token)) for token in (first, second, feed, "inconnu", "\x00", "🎈", "x" * 3000)]
    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.content for answer in answers}) == 1
    assert "Demandez-en un autre à l’accueil" in words_of(answers[0])
    assert answers[0]["Cache-Control"] == "private, no-store"


def test_looking_for_any_text_costs_one_query(client, desk):
    for token in ("inconnu", "\x00", "x" * 3000, handed_out(desk)[1][:-1]):
        assert client.get(planning(token)).status_code == 404
        with CaptureQueriesContext(connection) as caught:
            client.get(planning(token))
        assert len(caught) == 1


def test_a_space_out_of_service_opens_nothing(client, desk):
    _, token = handed_out(desk)
    Site.objects.update(is_active=False)
    assert client.get(planning(token)).status_code == 404


def test_secrets_are_long_and_never_the_same(desk):
    tokens = {handed_out(desk)[1] for _ in range(5)}
    assert len(tokens) == 5
    assert all(len(token) >= 43 for token in tokens)


@pytest.mark.parametrize("role", [Role.RECEPTION, Role.SOCIAL_WORKER, Role.MANAGER, Role.ADMINISTRATOR])
def test_every_desk_role_has_the_page(client, desk, role):
    client.force_login(staff_of(desk.site, role=role))
    assert client.get(LINKS).status_code == 200


def test_the_kinds_keep_to_themselves(client, desk):
    link, token = handed_out(desk)
    assert link.kind == SharedLinkKind.PLANNING
    assert client.get(reverse("bookings:calendar_feed", args=[token])).status_code == 404
    assert client.get(planning(create_calendar_link(site=desk.site, device="", by=desk.agent)[1])).status_code == 404
    assert agent_of(desk.partner).is_partner_agent
