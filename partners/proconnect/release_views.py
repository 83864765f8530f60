"""Letting an account go from the identity that opens it by ProConnect."""

from django.contrib import messages
from django.db.models import QuerySet

from partners.accounts.ask_views import AskView
from partners.accounts.perimeter import accounts_whose_second_factor_is_reset_by
from partners.models import Role, User

from .accounts import release


class ReleaseView(AskView):
    """An administrator's affair: whoever comes next with the account's address takes it."""

    roles = frozenset({Role.ADMINISTRATOR})
    question = "Détacher ce compte de ProConnect"
    sentence = (
        "À changer quand la personne a une nouvelle identité professionnelle. Ses sessions se ferment\u00a0; la"
        " prochaine identité ProConnect qui porte l’adresse de ce compte, dans un de ses établissements, l’ouvrira et y"
        " sera liée. Assurez-vous d’abord que cette adresse est encore la sienne."
    )
    label = "Détacher de ProConnect"

    def accounts(self) -> QuerySet[User]:
        return accounts_whose_second_factor_is_reset_by(self.request.user)

    def carry_out(self, account: User, given: dict[str, str]) -> None:
        release(account=account, by=self.request.user)
        messages.success(
            self.request, f"Le compte de {account} est détaché de ProConnect\u00a0: ses sessions sont fermées."
        )
