from collections.abc import Sequence
from typing import Any

from allauth.account import signals
from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.internal.flows.reauthentication import raise_if_reauthentication_required
from allauth.account.models import EmailAddress
from allauth.core import context as of_request
from allauth.usersessions.adapter import DefaultUserSessionsAdapter
from allauth.usersessions.models import UserSession
from django.contrib.auth.base_user import AbstractBaseUser
from django.db import transaction
from django.dispatch import receiver
from django.http import HttpRequest
from django.utils import timezone, translation
from django.utils.crypto import get_random_string

from athletes.models import Athlete, User
from athletes.people import mail
from athletes.people.languages import language_of
from rest.addresses import client_address

UNKNOWN_ACCOUNT = "account/email/unknown_account"


class AccountAdapter(DefaultAccountAdapter):
    """Whoever signs up is an athlete, whose phone then sets the zone with PATCH /me/. Coaches are made by staff."""

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """In the language of who reads it, whoever's request it is; the request's where nobody is known."""
        reader = context.get("user") or User.objects.filter(email__iexact=email).first()
        with translation.override(language_of(reader) if isinstance(reader, User) else translation.get_language()):
            if template_prefix == UNKNOWN_ACCOUNT:  # takes as long as the other, but strangers are not written to
                with transaction.atomic():
                    mail.keep(self.render_mail(template_prefix, email, context), timezone.now())
                    transaction.set_rollback(True)
            else:
                super().send_mail(template_prefix, email, context)

    def send_notification_mail(
        self,
        template_prefix: str,
        user: AbstractBaseUser,
        context: dict[str, Any] | None = None,
        email: str | None = None,
    ) -> None:
        super().send_notification_mail(template_prefix, user, {"user": user, **(context or {})}, email)

    def send_account_already_exists_mail(self, email: str) -> None:
        """The work of a sign-up is done all the same, and undone: its time must not say whether there is an account."""
        with transaction.atomic():
            stranger = User(email=f"{get_random_string(32)}@invalid")
            stranger.set_password(stranger.email)
            stranger.save()
            Athlete.objects.create(user=stranger)
            EmailAddress.objects.create(user=stranger, email=stranger.email, primary=True)
            transaction.set_rollback(True)
        super().send_account_already_exists_mail(email)

    def get_client_ip(self, request: HttpRequest) -> str:
        return client_address(request)

    @transaction.atomic
    def save_user(self, request: Any, user: User, form: Any, commit: bool = True) -> User:
        super().save_user(request, user, form, commit)
        if commit:
            asked_in = translation.to_locale(translation.get_language() or "en").replace("_", "-")
            Athlete.objects.create(user=user, locale=asked_in)
        return user


class SessionsAdapter(DefaultUserSessionsAdapter):
    def end_sessions(self, sessions: Sequence[UserSession]) -> None:
        """Signing out here is free; shutting the account's owner out elsewhere takes her password."""
        if not all(session.is_current() for session in sessions):
            raise_if_reauthentication_required(of_request.request, app="allauth.usersessions")
        super().end_sessions(sessions)


@receiver(signals.email_added)
def tell_the_first_address(request: HttpRequest, user: User, email_address: EmailAddress, **kwargs: Any) -> None:
    """A confirmed address can reset the password. allauth tells of a change and a removal, of this it does not."""
    if email_address.verified:
        AccountAdapter(request).send_notification_mail(
            "account/email/email_added", user, {"added_email": email_address.email}
        )


@receiver(signals.email_removed)
def tell_the_removed_address(request: HttpRequest, user: User, email_address: EmailAddress, **kwargs: Any) -> None:
    """allauth tells the first address, which may be the newcomer's."""
    if email_address.verified:
        AccountAdapter(request).send_notification_mail(
            "account/email/email_deleted", user, {"deleted_email": email_address.email}, email_address.email
        )


def tell_of_a_new_token(request: HttpRequest, user: User, name: str) -> None:
    AccountAdapter(request).send_notification_mail("account/email/personal_token_made", user, {"token_name": name})
