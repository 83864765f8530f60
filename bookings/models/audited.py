"""What the audit watches on this floor: people, their appointments, the permanences, and what is shown outside."""

from partners.audit.tracking import audited

from .appointment import Appointment
from .data_request import DataRequest
from .desk_visit import DeskReason, DeskVisit
from .elimination import EliminationList
from .notification import MessageSettings
from .permanence import Permanence
from .reason import Reason
from .retention_rule import RetentionRule
from .schedule_change import ScheduleChange
from .shared_link import SharedLink
from .visitor import Visitor
from .visitor_merge import VisitorMerge

audited(
    ccas="ccas",
    person="pk",
    personal=[
        *("last_name", "first_name", "birth_date", "phone", "email"),
        *("interpreter_language", "needs_wheelchair_access", "phone_only", "staff_notes"),
    ],
    readers="desk",
    url_name="bookings:visitor_detail",
)(Visitor)
audited(
    site="site",
    person="visitor",
    personal=["subject", "cancellation_reason"],
    named_with=["visitor", "social_worker", "reason"],
    readers="desk",
    url_name="bookings:appointment_detail",
)(Appointment)
audited(
    page="kept",
    ccas="kept__ccas",
    person="merged",
    personal=["facts_before", "facts_after"],
    named_with=["kept", "merged"],
)(VisitorMerge)
audited(page="visitor", site="site", person="visitor", personal=["asked_by", "details", "answer", "effect"])(
    DataRequest
)
audited(slug="liste-d-elimination", ccas="ccas", left_out=["traces"])(EliminationList)
audited(page="site", site="site", named_with=["site"])(RetentionRule)

audited(site="site", named_with=["partner", "site"], readers="desk", url_name="bookings:permanence_change")(Permanence)
audited(site="site", readers="desk", url_name="bookings:schedule_change_detail")(ScheduleChange)
audited(site="site", named_with=["reason"], readers="desk")(DeskVisit)
audited(page="site", site="site", named_with=["site"])(MessageSettings)
audited(site="site", named_with=["partner", "site"])(SharedLink)

audited(slug="motif-de-rendez-vous", readers="administrators")(Reason)
audited(name="partenaire d’un motif", page="reason")(Reason.partners.through)
audited(slug="motif-de-passage", readers="administrators")(DeskReason)
