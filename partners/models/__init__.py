"""Who: legal persons, places and people."""

from . import audited
from .audit_event import AuditAction, AuditEvent, AuditOrigin
from .ccas import Ccas
from .establishment import Establishment
from .invitation import Invitation
from .office import Office
from .partner import Contact, Partner, PartnerColour
from .proconnect_link import ProConnectLink
from .second_factor_reset import SecondFactorReset
from .site import Closure, HolidayCalendar, OpeningHours, SchoolHoliday, SchoolZone, Site, SiteTimeZone, Weekday
from .suspension import Suspension
from .user import Role, User

__all__ = [
    "AuditAction",
    "AuditEvent",
    "AuditOrigin",
    "Ccas",
    "Closure",
    "Contact",
    "Establishment",
    "HolidayCalendar",
    "Invitation",
    "Office",
    "OpeningHours",
    "Partner",
    "PartnerColour",
    "ProConnectLink",
    "Role",
    "SchoolHoliday",
    "SchoolZone",
    "SecondFactorReset",
    "Site",
    "SiteTimeZone",
    "Suspension",
    "User",
    "Weekday",
    "audited",
]
