"""What a password must be: the CNIL's two ways of being strong enough without anything else."""

from django.core.exceptions import ValidationError

from .models import User

LONG_ENOUGH, WITH_ALL_CLASSES = 14, 12
RULE = (
    f"Au moins {LONG_ENOUGH} caractères, ou {WITH_ALL_CLASSES} avec une minuscule, une majuscule, un chiffre"
    " et un autre signe."
)


class LengthAndClassesValidator:
    """14 characters, or 12 of all four classes: lower case, upper case, digit, anything else."""

    def validate(self, password: str, user: User | None = None) -> None:
        """Raise ValidationError unless `password` is one or the other."""
        classes = (str.islower, str.isupper, str.isdigit, lambda sign: not sign.isalnum())
        has_all = all(any(belongs(sign) for sign in password) for belongs in classes)
        if len(password) < (WITH_ALL_CLASSES if has_all else LONG_ENOUGH):
            raise ValidationError(f"Ce mot de passe est trop court. {RULE}", code="password_too_weak")

    def get_help_text(self) -> str:
        return RULE
