"""A fictional year of files at Montsinéry: every stage, returns, late ones, rights to renew and alerts.

Only for the demonstration: written in bulk with the dates of the past, through the models' constraints but not through
the services, whose stamps are of the present. The same at each run for the same day; a site that has files is left.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from django.db import transaction

from bookings.demo_data import FICTIONAL_PHONE_PREFIX
from bookings.models import Visitor
from conventions.models import Convention
from partners.demo import DEMO_ACCOUNTS
from partners.models import Contact, Partner, Role, Site, User

from .clocks import acknowledgement_due_on, decision_due_on, rights_end, tacit_on
from .demo_alerts import make_demo_alerts
from .demo_data import (
    ASKED,
    BRANCHES,
    CAISSE,
    DECISION_DAYS,
    FORGOTTEN_DAYS,
    FORGOTTEN_SHARE,
    FRIDAY,
    KIND_WEIGHTS,
    PAST_DAYS,
    REFUSAL_SHARE,
    REFUSALS,
    RENEWED_SHARE,
    RETURN_SHARE,
    RETURNED_THIS_WEEK,
    SITE,
    UNSENT_DAYS,
    URGENCIES,
    URGENT_SHARE,
    WITHDRAWAL_SHARE,
)
from .frozen import frozen_header, frozen_line
from .kinds import load_case_kinds
from .models import CaseDocument, CaseFile, CaseKind, DocumentState, SlipLine, TransmissionSlip


@dataclass(slots=True)
class Passage:
    """A stay at the caisse as the story has it; what lies after today is not written."""

    sent_on: date
    received_on: date
    returned_on: date | None = None
    asked: list[str] = field(default_factory=list)
    decided_on: date | None = None
    is_tacit: bool = False


@dataclass(slots=True)
class Story:
    """What happens to one file, dates to come included."""

    file: CaseFile
    complete_on: date
    passages: list[Passage]


@transaction.atomic
def make_demo_files(*, tell: Callable[[str], None]) -> None:
    """Write the kinds, the contacts for emergencies, and the year of files; `tell` gets a line of what was added."""
    load_case_kinds(
        partners={branch: list(Partner.objects.filter(slug__in=slugs)) for branch, slugs in BRANCHES.items()}
    )
    site = Site.objects.select_related("ccas").filter(slug=SITE).first()
    caisse = Partner.objects.filter(slug=CAISSE).first()
    if site is None or caisse is None:
        return
    _make_contacts(caisse)
    if CaseFile.objects.filter(site=site).exists():
        tell(f"{site.short_name} : les dossiers fictifs sont déjà là.")
        return
    year = _Year(site, caisse)
    year.write()
    tell(f"{site.short_name} : {CaseFile.objects.filter(site=site).count()} dossiers fictifs ajoutés.")


def _make_contacts(caisse: Partner) -> None:
    """A referent and the emergency line, with numbers that ring nowhere; whatever was typed stays."""
    if caisse.contacts.exists():
        return
    Contact.objects.create(
        partner=caisse,
        name="Maëva Horth (fictif)",
        job_title="Référente des dossiers du CCAS",
        phone=f"{FICTIONAL_PHONE_PREFIX}0101",
        is_referent=True,
    )
    Contact.objects.create(
        partner=caisse,
        name="Ligne Urgence Précarité – LUP (numéro fictif)",
        job_title="Grandes urgences",
        phone=f"{FICTIONAL_PHONE_PREFIX}0102",
    )


class _Year:
    """The year of one site with one caisse, on the day it is made."""

    def __init__(self, site: Site, caisse: Partner) -> None:
        self.site, self.caisse, self.today = site, caisse, site.today()
        self.dice = random.Random(f"files of {site.slug}")
        self.clerk, self.head, self.agent = (
            User.objects.get(email=email)
            for email in (
                _account(Role.RECEPTION, site_slug=site.slug),
                _account(Role.ADMINISTRATOR, site_slug=site.slug),
                _account(Role.PARTNER_AGENT, partner_slug=caisse.slug),
            )
        )
        self.visitors = list(Visitor.objects.current().filter(ccas=site.ccas).order_by("pk"))
        self.conventions = list(Convention.objects.filter(site=site, partner=caisse).order_by("-starts_on"))
        self.kinds = {
            kind.slug: kind for kind in CaseKind.objects.filter(partners=caisse).prefetch_related("required_documents")
        }

    def write(self) -> None:
        """Files and checklists, then the slips of each Friday, then what the desk still lacks, and the alerts."""
        if not self.visitors:
            return
        stories = [story for day in self._days() for story in self._opened_on(day)]
        CaseFile.objects.bulk_create([story.file for story in stories])
        renewals = self._renewals(stories)
        CaseFile.objects.bulk_create([story.file for story in renewals])
        stories += renewals
        documents = {story.file: self._checklist(story) for story in stories}
        CaseDocument.objects.bulk_create([row for rows in documents.values() for row in rows])
        self._return_this_week(stories)
        lines = self._send(stories)
        for story in stories:
            self._settle(story, documents[story.file], lines.get(story.file.pk))
        make_demo_alerts(files=[story.file for story in stories], dice=self.dice, clerk=self.clerk, agent=self.agent)

    def _days(self) -> list[date]:
        first = self.today - timedelta(days=PAST_DAYS)
        days = (first + timedelta(days=number) for number in range(PAST_DAYS + 1))
        return [day for day in days if day.isoweekday() <= FRIDAY and self._convention(day)]

    def _convention(self, day: date) -> Convention | None:
        return next((row for row in self.conventions if row.starts_on <= day <= row.ends_on), None)

    def _at(self, day: date, hour: int = 10) -> datetime:
        """A moment of that day at the site, never one to come."""
        return min(datetime.combine(day, time(hour, 12), self.site.zone), self.site.now())

    def _opened_on(self, day: date) -> list[Story]:
        count = self.dice.choices([0, 1, 2], weights=[4, 5, 2])[0]
        offered = [kind for slug, kind in self.kinds.items() if slug in KIND_WEIGHTS and kind.is_valid_on(day)]
        if not offered:
            return []
        weights = [KIND_WEIGHTS[kind.slug] for kind in offered]
        return [self._story(day, self.dice.choices(offered, weights=weights)[0]) for _ in range(count)]

    def _story(
        self, day: date, kind: CaseKind, *, visitor: Visitor | None = None, renewal_of: CaseFile | None = None
    ) -> Story:
        dice = self.dice
        is_urgent = dice.random() < URGENT_SHARE
        agreed_on = day + timedelta(days=dice.choice([0, 0, 0, 2]))
        has_agreement = agreed_on <= self.today and (self.today - day).days > dice.randrange(6)
        file = CaseFile(
            site=self.site,
            visitor=visitor or dice.choice(self.visitors),
            kind=kind,
            partner=self.caisse,
            convention=self._convention(day),
            agent=dice.choices([self.clerk, self.head], weights=[4, 1])[0],
            opened_on=day,
            opened_at=self._at(day, 9),
            opened_by=self.clerk,
            agreed_on=agreed_on if has_agreement else None,
            agreement_recorded_at=self._at(agreed_on) if has_agreement else None,
            agreement_recorded_by=self.clerk if has_agreement else None,
            is_urgent=is_urgent,
            urgency=dice.choice(URGENCIES) if is_urgent else "",
            social_notes="Accompagnement social en cours au CCAS." if dice.random() < 0.2 else "",
            renewal_of=renewal_of,
        )
        complete_on = max(agreed_on, day) + timedelta(days=dice.choice([0, 1, 3, 6, 9, 14, 25, 40]))
        return Story(file, complete_on, self._passages(kind, complete_on))

    def _passages(self, kind: CaseKind, complete_on: date) -> list[Passage]:
        dice, passages, ready_on = self.dice, [], complete_on
        for _ in range(3):
            sent_on = ready_on + timedelta(days=(FRIDAY - ready_on.isoweekday()) % 7)
            received_on = sent_on + timedelta(days=dice.choice([3, 3, 4, 5, 5, 7, 9, 11, 13, 16, 20, 40]))
            passage = Passage(sent_on, received_on)
            passages.append(passage)
            if dice.random() < RETURN_SHARE:
                passage.returned_on = received_on + timedelta(days=dice.randrange(2, 12))
                passage.asked = dice.sample(ASKED, k=dice.choice([1, 1, 2]))
                ready_on = passage.returned_on + timedelta(days=dice.randrange(6, 28))
                continue
            if dice.random() < FORGOTTEN_SHARE and (self.today - received_on).days < FORGOTTEN_DAYS:
                return passages
            fewest, most = DECISION_DAYS[kind.slug]
            passage.decided_on = received_on + timedelta(days=dice.randrange(fewest, most))
            silence = tacit_on(received_on, months=kind.tacit_months)
            if silence is not None and passage.decided_on > silence and kind.slug == "c2s":
                passage.decided_on, passage.is_tacit = silence, True
            return passages
        return passages

    def _renewals(self, stories: list[Story]) -> list[Story]:
        """Files that renew rights whose window is open, for half of them: the others are to be begun."""
        renewals = []
        for story in stories:
            until = self._rights(story)[1] if story.file.kind.is_renewable else None
            if until is None or not 45 <= (until - self.today).days <= 110 or self.dice.random() > RENEWED_SHARE:
                continue
            day = self.today - timedelta(days=self.dice.randrange(1, 10))
            if self._convention(day) and story.file.kind.is_valid_on(day):
                renewals.append(self._story(day, story.file.kind, visitor=story.file.visitor, renewal_of=story.file))
        return renewals

    def _is_refused(self, story: Story) -> bool:
        return random.Random(f"refused {story.file.opened_on} {story.complete_on}").random() < REFUSAL_SHARE

    def _rights(self, story: Story) -> tuple[date | None, date | None]:
        """The period of rights that the last passage opens, if it was decided by today and accepted."""
        decided_on = story.passages[-1].decided_on
        if decided_on is None or decided_on >= self.today or self._is_refused(story):
            return None, None
        rights_from = (decided_on.replace(day=1) + timedelta(days=32)).replace(day=1)
        months = story.file.kind.rights_months
        return rights_from, rights_end(rights_from, months=months) if months else None

    def _checklist(self, story: Story) -> list[CaseDocument]:
        """Everything is there at first, since complete files are sent; what lacks today is taken out afterwards."""
        noted_on = min(story.complete_on, self.today)
        return [
            CaseDocument(
                file=story.file,
                required_document=required,
                label=required.label,
                position=position,
                is_mandatory=required.is_mandatory,
                state=DocumentState.RECEIVED if required.is_mandatory else DocumentState.NOT_APPLICABLE,
                noted_at=self._at(noted_on),
                noted_by=self.clerk,
            )
            for position, required in enumerate(story.file.kind.required_documents.all(), start=1)
        ]

    def _return_this_week(self, stories: list[Story]) -> None:
        """Whatever the day of the demonstration, the caisse has just sent a few files back."""
        yesterday = self.today - timedelta(days=1)
        waiting = [
            story
            for story in stories
            if (last := story.passages[-1]).returned_on is None
            and last.sent_on < last.received_on <= yesterday
            and (last.decided_on is None or last.decided_on > self.today)
        ]
        for story in sorted(waiting, key=lambda story: story.passages[-1].received_on)[-RETURNED_THIS_WEEK:]:
            last = story.passages[-1]
            last.returned_on, last.asked, last.decided_on = yesterday, self.dice.sample(ASKED, k=1), None

    def _send(self, stories: list[Story]) -> dict[int, SlipLine]:
        """The slips of every Friday but the last, in order; the last line of each file."""
        by_day: dict[date, list[tuple[Story, Passage]]] = {}
        for story in stories:
            for passage in story.passages:
                if passage.sent_on <= self.today - timedelta(days=UNSENT_DAYS) and story.file.agreed_on is not None:
                    by_day.setdefault(passage.sent_on, []).append((story, passage))
        numbers: dict[int, int] = {}
        lines: dict[int, SlipLine] = {}
        for day in sorted(by_day):
            numbers[day.year] = numbers.get(day.year, 0) + 1
            slip = TransmissionSlip.objects.create(
                ccas=self.site.ccas,
                site=self.site,
                partner=self.caisse,
                year=day.year,
                number=numbers[day.year],
                sent_on=day,
                sent_at=self._at(day, 16),
                sent_by=self.clerk,
                file_count=len(by_day[day]),
                content=frozen_header(site=self.site, partner=self.caisse, by=self.clerk),
            )
            rows = [
                self._line(slip, position, story, passage)
                for position, (story, passage) in enumerate(by_day[day], start=1)
            ]
            lines |= {line.file_id: line for line in SlipLine.objects.bulk_create(rows)}
        return lines

    def _line(self, slip: TransmissionSlip, position: int, story: Story, passage: Passage) -> SlipLine:
        file, kind = story.file, story.file.kind
        line = SlipLine(
            slip=slip,
            file=file,
            site=self.site,
            partner=self.caisse,
            position=position,
            sent_on=passage.sent_on,
            agreed_on=file.agreed_on,
            acknowledgement_due_on=acknowledgement_due_on(passage.sent_on, days=kind.acknowledgement_days),
            content=frozen_line(file),
        )
        if passage.received_on > self.today:
            return line
        line.received_on = passage.received_on
        line.acknowledged_at, line.acknowledged_by = self._at(passage.received_on), self.agent
        line.decision_due_on = decision_due_on(
            passage.received_on, days=kind.expected_days, months=kind.expected_months
        )
        line.tacit_on = tacit_on(passage.received_on, months=kind.tacit_months)
        if passage.returned_on and passage.returned_on <= self.today:
            line.returned_on = passage.returned_on
            line.returned_at, line.returned_by = self._at(passage.returned_on), self.agent
            line.missing = [{"label": label} for label in passage.asked]
        elif passage.decided_on and passage.decided_on < self.today:
            self._decide(line, story, passage)
        return line

    def _decide(self, line: SlipLine, story: Story, passage: Passage) -> None:
        # Silence is seen the day after, by the CCAS.
        recorded_on, recorded_by = passage.decided_on, self.agent
        if passage.is_tacit:
            recorded_on, recorded_by = passage.decided_on + timedelta(days=1), self.clerk
        line.decided_on, line.is_tacit = passage.decided_on, passage.is_tacit
        line.decision_recorded_at, line.decision_recorded_by = self._at(recorded_on, 15), recorded_by
        if self._is_refused(story) and not passage.is_tacit:
            line.result, line.refusal_reason = "refused", self.dice.choice(REFUSALS)
            return
        line.result = "accepted"
        line.rights_from, line.rights_until = self._rights(story)

    def _settle(self, story: Story, documents: list[CaseDocument], line: SlipLine | None) -> None:
        """Where the file stands today: what lacks, what was asked, and who gave up."""
        file = story.file
        if line is None:
            if story.complete_on > self.today:
                lacking = [row for row in documents if row.is_mandatory][-self.dice.choice([1, 2, 3]) :]
                CaseDocument.objects.filter(pk__in=[row.pk for row in lacking]).update(
                    state=DocumentState.MISSING, noted_at=file.opened_at
                )
            if self.dice.random() < WITHDRAWAL_SHARE * 3:
                self._withdraw(file)
            return
        for earlier in file.lines.filter(returned_on__isnull=False):
            came_back = line.pk != earlier.pk or self._is_back(story, earlier)
            added = CaseDocument.objects.bulk_create(
                CaseDocument(
                    file=file,
                    label=asked["label"],
                    position=len(documents) + number,
                    state=DocumentState.RECEIVED if came_back else DocumentState.MISSING,
                    asked_by_line=earlier,
                    noted_at=self._at(earlier.returned_on),
                    noted_by=self.agent,
                )
                for number, asked in enumerate(earlier.missing, start=1)
            )
            # As the caisse's own answer keeps it: an undo finds the rows again.
            earlier.missing = [{"document": row.pk, "label": row.label} for row in added]
            earlier.save(update_fields=["missing"])
        if not line.result and self.dice.random() < WITHDRAWAL_SHARE:
            self._withdraw(file)

    def _is_back(self, story: Story, line: SlipLine) -> bool:
        """Whether what was asked is there again although the file waits for its next slip."""
        nexts = [passage for passage in story.passages if passage.sent_on > line.sent_on]
        return bool(nexts) and nexts[0].sent_on <= self.today + timedelta(days=FRIDAY)

    def _withdraw(self, file: CaseFile) -> None:
        day = min(self.today, file.opened_on + timedelta(days=20))
        file.withdrawn_at, file.withdrawn_by = self._at(day, 11), self.clerk
        file.withdrawal_reason = self.dice.choice(["La personne a déménagé", "La personne renonce", "Fait en ligne"])
        file.save(update_fields=["withdrawn_at", "withdrawn_by", "withdrawal_reason"])


def _account(role: Role, *, site_slug: str = "", partner_slug: str = "") -> str:
    return next(
        account.email
        for account in DEMO_ACCOUNTS
        if account.role == role and (account.site_slug, account.partner_slug) == (site_slug, partner_slug)
    )
