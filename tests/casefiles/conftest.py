"""The desk that most tests of this floor need: Montsinéry, its caisse, a kind of file with a checklist, and people."""

import datetime as dt

import pytest
import time_machine

from casefiles.models import CaseFile, CaseKind, DocumentState, RequiredDocument, SlipLine, TransmissionSlip
from casefiles.services import acknowledge_line, open_case_file, record_agreement, send_slip, set_document_state
from partners.models import Role
from tests.factories import ConventionFactory, PartnerFactory, SiteFactory, VisitorFactory, agent_of, staff_of

TODAY = dt.date(2026, 3, 2)


class CaseDesk:
    """On Monday 2 March 2026, 9h00 in Cayenne: a CGSS that takes C2S and pensions, a CPAM that takes nothing yet."""

    def __init__(self) -> None:
        self.site = SiteFactory(cayenne=True, name="Point numérique de Montsinéry", short_name="Montsinéry")
        self.caisse = PartnerFactory(name="CGSS de la Guyane", short_name="CGSS", slug="cgss")
        self.other_caisse = PartnerFactory(name="CARSAT", short_name="CARSAT", slug="carsat")
        self.convention = ConventionFactory(site=self.site, partner=self.caisse, starts_on=dt.date(2019, 1, 1))
        ConventionFactory(site=self.site, partner=self.other_caisse, starts_on=dt.date(2019, 1, 1))
        self.c2s = self.kind(
            "c2s",
            valid_from=dt.date(2019, 11, 1),
            expected_months=2,
            tacit_outcome="accepted",
            tacit_months=2,
            tacit_reference="CSS L861-5",
            is_renewable=True,
            rights_months=12,
        )
        self.clerk = staff_of(self.site, first_name="Josiane", last_name="Edwige")
        self.colleague = staff_of(self.site, role=Role.SOCIAL_WORKER)
        self.agent = agent_of(self.caisse)
        self.other_agent = agent_of(self.other_caisse)
        self.visitor = VisitorFactory(
            ccas=self.site.ccas, last_name="Horth", first_name="Élise", birth_date=dt.date(1960, 2, 29)
        )

    def kind(self, slug: str, **fields) -> CaseKind:
        """A kind that the caisse takes, with two mandatory documents and an optional one."""
        kind = CaseKind.objects.create(slug=slug, label=slug.upper(), short_label=slug.upper(), **fields)
        kind.partners.add(self.caisse)
        for position, label in enumerate(("Pièce d’identité", "RIB", "Livret de famille"), start=1):
            RequiredDocument.objects.create(kind=kind, label=label, position=position, is_mandatory=position < 3)
        return kind

    def opened(self, **fields) -> CaseFile:
        """A file in preparation."""
        defaults = {"site": self.site, "visitor": self.visitor, "kind": self.c2s, "partner": self.caisse}
        return open_case_file(**{**defaults, **fields}, by=self.clerk)

    def complete(self, **fields) -> CaseFile:
        """A file with its documents and the person's agreement, given on the day it was opened."""
        file = self.opened(**fields)
        self.collect(file)
        return record_agreement(file=file, agreed_on=file.opened_on, by=self.clerk)

    def collect(self, file: CaseFile) -> None:
        """Note every mandatory document as received."""
        for document in file.documents.filter(is_mandatory=True):
            set_document_state(document=document, state=DocumentState.RECEIVED, by=self.clerk)

    def send(self, *files: CaseFile, sent_on: dt.date | None = None) -> TransmissionSlip:
        return send_slip(site=self.site, partner=files[0].partner, files=files, sent_on=sent_on, by=self.clerk)

    def sent(self, *, sent_on: dt.date | None = None, **fields) -> SlipLine:
        """The line of a file that went to the caisse."""
        return self.send(self.complete(**fields), sent_on=sent_on).lines.get()

    def acknowledged(self, *, received_on: dt.date | None = None, **fields) -> SlipLine:
        """The line of a file that the caisse has."""
        line = self.sent(**fields)
        return acknowledge_line(line=line, received_on=received_on or line.sent_on, by=self.agent)


@pytest.fixture
def clock():
    """The clock stands at Monday 2 March 2026, 9h00 in Cayenne."""
    with time_machine.travel(dt.datetime(2026, 3, 2, 12, 0, tzinfo=dt.UTC), tick=False) as travel:
        yield travel


@pytest.fixture
def cases(db, clock) -> CaseDesk:
    return CaseDesk()
