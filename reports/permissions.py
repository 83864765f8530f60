"""Who reads which figures, who sees the rows behind them, and who takes rows away in a file."""

from partners.models import User
from partners.permissions import AGENT_ROLES, CONVENTION_ROLES, DESK_ROLES

from .figures import GROUPS as ALL_GROUPS
from .figures import Group, Source, appointments, case_files, desk_visits, hours, offices, trainings

READER_ROLES = DESK_ROLES | AGENT_ROLES
# The sources of which a partner's agent reads the numbers that concern her caisse…
_OF_AGENTS = {source.SOURCE for source in (appointments, hours, desk_visits, case_files, trainings)}
# … and the rows: what she sees on her planning. Walk-ins, files and offices are the CCAS's own.
_ROWS_OF_AGENTS = {appointments.SOURCE, hours.SOURCE}
_ROWS_OF_DESKS = {module.SOURCE for module in (appointments, hours, offices, desk_visits, case_files)}


def groups_for(user: User) -> list[Group]:
    """The figures that `user` reads, by source."""
    if user.is_partner_agent:
        return [group for group in ALL_GROUPS if group.source in _OF_AGENTS]
    return ALL_GROUPS


def may_read_rows(user: User, source: Source) -> bool:
    """Whether `user` may see the rows of `source` one by one; trainings are those of the agreements."""
    if user.role in CONVENTION_ROLES:
        return True
    return source in (_ROWS_OF_AGENTS if user.is_partner_agent else _ROWS_OF_DESKS)


def may_export_rows(user: User) -> bool:
    """Rows leave the application with whoever answers for the figures: managers and administrators."""
    return user.role in CONVENTION_ROLES
