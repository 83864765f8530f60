"""Composed queries on what somebody may see: one for each kind of perimeter, filled in with who she is."""

from collections.abc import Callable

from django.db import models

from franceservices.composed_queries import Answer, ComposedQuery, Given, RoundTrip

from .models import User


class AnyUser(Given):
    """Stands for all people of one kind where a queryset asks `visible_to(user)` whom it is for."""

    def __init__(self, like: User) -> None:
        super().__init__("user")
        self.is_superuser = like.is_superuser
        self.oversees_ccas = like.oversees_ccas
        self.ccas_id = None if like.ccas_id is None else Given("user_ccas")
        self.partner_id = None if like.partner_id is None else Given("user_partner")


class VisibleQuery:
    """A composed query whose rows depend on the perimeter of a person; `compose` gets her stand-in."""

    def __init__(self, compose: Callable[[AnyUser], models.QuerySet], *, prepared: bool = False) -> None:
        self._compose = compose
        self._is_prepared = prepared
        self._by_kind: dict[tuple[bool, ...], ComposedQuery] = {}

    def count(self, user: User, **given: object) -> int:
        return self._query(user).count(**given, **_who(user))

    def rows(self, user: User, **given: object) -> list[tuple]:
        return self._query(user).rows(**given, **_who(user))

    def instances(self, user: User, **given: object) -> list[models.Model]:
        return self._query(user).instances(**given, **_who(user))

    def ask(self, trip: RoundTrip, user: User, **given: object) -> Answer:
        return trip.ask(self._query(user), **given, **_who(user))

    def ask_count(self, trip: RoundTrip, user: User, **given: object) -> Answer:
        return trip.ask_count(self._query(user), **given, **_who(user))

    def _query(self, user: User) -> ComposedQuery:
        kind = (user.is_superuser, user.oversees_ccas, user.ccas_id is None, user.partner_id is None)
        if kind not in self._by_kind:
            self._by_kind[kind] = ComposedQuery(lambda: self._compose(AnyUser(user)), prepared=self._is_prepared)
        return self._by_kind[kind]


def _who(user: User) -> dict[str, int | None]:
    return {"user": user.pk, "user_ccas": user.ccas_id, "user_partner": user.partner_id}
