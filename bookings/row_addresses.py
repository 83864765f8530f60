"""Addresses of pages of one row, for lists of hundreds: the address is resolved once, each row's id put into it."""

from franceservices.addresses import page_address

# Stands for the id while the address is resolved; no other number in an address is that long.
_ANY_ROW = 987_654_321_987_654_321


class RowAddress:
    """The address named `name` with the row's id as its first argument: `RowAddress("bookings:appointment_detail")`."""

    def __init__(self, name: str, *more: object) -> None:
        self.before, self.after = page_address(name, _ANY_ROW, *more).split(str(_ANY_ROW))

    def of(self, pk: int) -> str:
        return f"{self.before}{pk}{self.after}"
