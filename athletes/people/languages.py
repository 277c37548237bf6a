"""Which of our languages a reader's is. Texts are written in it where they are read, mails where they are sent."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import translation
from django.utils.cache import patch_vary_headers

from athletes.models import User

# Where the browser's session says who reads. Elsewhere the sign-in does, or nobody is signed in; to ask for the user
# before a token was looked at would freeze the answer.
PAGES_OF_PEOPLE = ("/admin/", "/accounts/", "/identity/")


def supported(tag: str) -> str:
    """Of `settings.LANGUAGES` the one for a BCP 47 tag: "de-AT" is de, "zh-Hans-CN" zh-hans. Without a fit: English."""
    try:
        return translation.get_supported_language_variant(tag.lower())
    except (LookupError, ValueError):
        return settings.LANGUAGE_CODE


def language_of(user: User) -> str:
    """The athlete profile's, else the one that the browser last asked for."""
    athlete = getattr(user, "athlete", None)
    return supported(athlete.locale if athlete else user.browser_language)


def speak_to(user: User) -> None:
    """From here to the end of the request. Where a profile is missing, what the request itself asks for stands."""
    if athlete := getattr(user, "athlete", None):
        translation.activate(supported(athlete.locale))


class ReadersLanguage:
    """A request is answered in the language of who signed in, else in the one that it asks for. Outermost of those
    that answer: a refusal is written in it too."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with translation.override(translation.get_language_from_request(request)):
            response = self.get_response(request)
            response.headers.setdefault("Content-Language", translation.get_language())
        patch_vary_headers(response, ["Accept-Language"])
        return response

    def process_view(self, request: HttpRequest, view: object, args: object, kwargs: object) -> None:
        if request.path_info.startswith(PAGES_OF_PEOPLE) and isinstance(user := request.user, User):
            speak_to(user)
            remember(user, asked=request.headers.get("Accept-Language", ""))


def remember(user: User, *, asked: str) -> None:
    """What the browser of somebody without a profile asks for: their mails and pushes follow it."""
    if hasattr(user, "athlete"):
        return
    if not asked:
        translation.activate(language_of(user))
    elif user.browser_language != (language := translation.get_language()):
        User.objects.filter(pk=user.pk).update(browser_language=language)
