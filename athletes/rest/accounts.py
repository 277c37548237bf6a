from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.db import transaction
from django.utils import translation

from athletes.languages import language_of
from athletes.models import Athlete, User


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Whoever signs up is an athlete, whose phone then sets the zone with PATCH /me/. Coaches are made by staff."""

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """In the language of who reads it, whoever's request it is; the request's where nobody is known."""
        reader = context.get("user") or User.objects.filter(email__iexact=email).first()
        with translation.override(language_of(reader) if isinstance(reader, User) else translation.get_language()):
            super().send_mail(template_prefix, email, context)

    @transaction.atomic
    def save_user(self, request: Any, user: User, form: Any, commit: bool = True) -> User:
        super().save_user(request, user, form, commit)
        if commit:
            asked_in = translation.to_locale(translation.get_language() or "en").replace("_", "-")
            Athlete.objects.create(user=user, locale=asked_in)
        return user
