"""Other people's programs, vendors' accounts, mail and sessions: for superusers."""

from typing import Any

from allauth.account.admin import EmailAddressAdmin
from allauth.account.models import EmailAddress
from allauth.idp.oidc.adapter import get_adapter
from allauth.idp.oidc.models import Client, Token
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from athletes.admin.scope import (
    OfferedOnly,
)
from athletes.models import (
    Mail,
    VendorAccount,
)
from athletes.sign_in import clients

admin.site.unregister(Client)
admin.site.unregister(Token)


class ClientForm(forms.ModelForm):  # type: ignore[type-arg]
    scopes = forms.MultipleChoiceField(
        label=_("Scopes"),
        choices=clients.SCOPE_TEXTS.items(),
        widget=forms.CheckboxSelectMultiple,
        help_text=_("what it may ask for"),
    )
    grant_types = forms.MultipleChoiceField(
        label=_("Grant types"),
        choices=clients.GRANT_TYPES.items(),
        widget=forms.CheckboxSelectMultiple,
        initial=list(clients.GRANT_TYPES),
    )

    class Meta:
        model = Client
        fields = ("name", "type", "scopes", "grant_types", "redirect_uris")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not self.instance._state.adding:
            self.initial["scopes"] = self.instance.get_scopes()
            self.initial["grant_types"] = self.instance.get_grant_types()

    def clean_scopes(self) -> str:
        return "\n".join(self.cleaned_data["scopes"])

    def clean_grant_types(self) -> str:
        return "\n".join(self.cleaned_data["grant_types"])


@admin.register(Client)
class ClientAdmin(OfferedOnly):
    """Programs that may ask athletes to be let in. The athlete is always asked; nobody grants in their place."""

    form = ClientForm
    list_display = ("name", "id", "type", "created_at")
    search_fields = ("id", "name")
    readonly_fields = ("id", "created_at")

    def save_model(self, request: HttpRequest, obj: Client, form: Any, change: bool) -> None:
        obj.default_scopes = obj.scopes
        if not change and obj.type == Client.Type.CONFIDENTIAL:
            secret = get_adapter().generate_client_secret()
            obj.set_secret(secret)
            said = gettext("The client's secret, shown this once: %(secret)s") % {"secret": secret}
            self.message_user(request, said, messages.WARNING)
        super().save_model(request, obj, form, change)


@admin.register(VendorAccount)
class VendorAccountAdmin(OfferedOnly):
    """Whose data a webhook brings. Set here and not by athletes: a vendor's user number can be guessed."""

    list_display = ("provider", "vendor_user_id", "athlete", "created_at")
    list_filter = ("provider",)
    search_fields = ("vendor_user_id",)
    autocomplete_fields = ("athlete",)


admin.site.unregister(EmailAddress)
admin.site.unregister(Authenticator)
admin.site.unregister(UserSession)


@admin.register(EmailAddress)
class AddressAdmin(OfferedOnly, EmailAddressAdmin):
    pass


@admin.register(Authenticator)
class SecondFactorAdmin(OfferedOnly):
    """To remove one whose owner has lost it. What it is made of would let its reader sign in: shown to nobody."""

    list_display = fields = readonly_fields = ("user", "type", "created_at", "last_used_at")
    list_filter = ("type",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Authenticator]:
        rows: QuerySet[Authenticator] = super().get_queryset(request)
        return rows.select_related("user").defer("data")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False


@admin.register(UserSession)
class UserSessionAdmin(OfferedOnly):
    """allauth's own searches by a user name, which accounts here have not."""

    list_display = ("user", "created_at", "last_seen_at", "ip", "user_agent")
    search_fields = ("user__email", "ip")
    raw_id_fields = ("user",)


@admin.register(Mail)
class MailAdmin(OfferedOnly):
    """Has it left, and if not, why not. What it says is shown to nobody: there are codes in it."""

    list_display = ("created_at", "recipients", "attempts", "not_before", "error", "sent_at", "given_up_at")
    list_filter = ("sent_at", "given_up_at")
    ordering = ("-created_at",)
    fields = readonly_fields = list_display

    def get_queryset(self, request: HttpRequest) -> QuerySet[Mail]:
        rows: QuerySet[Mail] = super().get_queryset(request)
        return rows.defer("content", "subject")

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(getattr(request.user, "is_superuser", False))

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
