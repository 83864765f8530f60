"""What the audit watches on this floor: places, partners, accounts and what opens them."""

from allauth.mfa.models import Authenticator

from partners.audit.tracking import audited

from .ccas import Ccas
from .establishment import Establishment
from .invitation import Invitation
from .office import Office
from .partner import Contact, Partner
from .proconnect_link import ProConnectLink
from .second_factor_reset import SecondFactorReset
from .site import Closure, OpeningHours, SchoolHoliday, Site
from .suspension import Suspension
from .user import User

audited(ccas="pk")(Ccas)
audited(ccas="ccas", site="pk")(Site)
audited(page="site", site="site", named_with=["site"])(OpeningHours)
audited(page="site", site="site", named_with=["site"])(Closure)
audited(site="site")(Office)
audited(readers="administrators")(SchoolHoliday)
audited(readers="desk")(Partner)
audited(page="partner")(Contact)
audited(ccas="ccas")(Establishment)

audited(ccas="ccas", left_out=["last_login"], url_name="accounts:account_detail")(User)
audited(name="espace du compte", page="user", ccas="user__ccas")(User.sites.through)
audited(name="groupe du compte", page="user", ccas="user__ccas")(User.groups.through)
audited(name="droit technique du compte", page="user", ccas="user__ccas")(User.user_permissions.through)
audited(page="user", ccas="user__ccas", named_with=["user"])(Invitation)
audited(page="user", ccas="user__ccas", named_with=["user"])(Suspension)
audited(page="user", ccas="user__ccas", named_with=["user"])(SecondFactorReset)
audited(page="user", ccas="user__ccas", named_with=["user"])(ProConnectLink)
audited(
    name="clé de double authentification",
    page="user",
    ccas="user__ccas",
    masked=["data"],
    left_out=["last_used_at"],
)(Authenticator)
