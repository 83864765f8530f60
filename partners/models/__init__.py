"""Who: legal persons, places and people."""

from .ccas import Ccas
from .office import Office
from .partner import Contact, Partner, PartnerColour
from .site import Closure, HolidayCalendar, OpeningHours, SchoolHoliday, SchoolZone, Site, SiteTimeZone, Weekday
from .user import Role, User

__all__ = [
    "Ccas",
    "Closure",
    "Contact",
    "HolidayCalendar",
    "Office",
    "OpeningHours",
    "Partner",
    "PartnerColour",
    "Role",
    "SchoolHoliday",
    "SchoolZone",
    "Site",
    "SiteTimeZone",
    "User",
    "Weekday",
]
