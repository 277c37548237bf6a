"""What a coach and a superuser read in the admin is in their browser's language, down to headers, choices and hints."""

import re
from html import unescape

import pytest
from django.contrib import admin
from django.urls import NoReverseMatch, reverse

from config import catalogues
from tests import factories
from tests.athletes.filling import fill

pytestmark = pytest.mark.usefixtures("valkey")
PLACEHOLDER = re.compile(rf"{catalogues.PERCENT.pattern}|{catalogues.BRACES.pattern}")


def english_sentences():
    """Of each text that German says otherwise its longest piece between placeholders, if it is three words or more."""
    pairs = [
        (said, string)
        for message in catalogues.kept("de")
        if message.id
        for said, string in zip(catalogues.forms(message.id), catalogues.forms(message.string), strict=False)
        if string and said != string
    ]
    german = " ".join(string for _, string in pairs)  # English that German quotes, like a name, proves nothing
    longest = {max(PLACEHOLDER.split(said), key=len) for said, _ in pairs}
    return {" ".join(piece.split()) for piece in longest if len(re.findall(r"[A-Za-z]{2,}", piece)) >= 3} - {
        piece for piece in longest if piece in german
    }


def text_of(response):
    page = re.sub(r"<(script|style)\b.*?</\1>", " ", response.content.decode(), flags=re.DOTALL)
    page = re.sub(r"\bCan (add|change|delete|view) [^<]*", " ", page)  # names of permissions are rows, in English
    return " ".join(unescape(page).split())


def pages():
    yield reverse("admin:index")
    for model in admin.site._registry:
        name = f"{model._meta.app_label}_{model._meta.model_name}"
        for action in ("changelist", "add"):
            try:
                yield reverse(f"admin:{name}_{action}")
            except NoReverseMatch:
                continue
        for row in model._default_manager.all()[:1]:
            yield reverse(f"admin:{name}_change", args=[row.pk])
            yield reverse(f"admin:{name}_delete", args=[row.pk])


@pytest.mark.parametrize("who", ["coach", "superuser"])
def test_no_marked_english_is_left_in_a_german_admin(who, client, squad, alice, charlie):
    squad.memberships.update(shares_values=True)
    fill(alice, charlie, "Sprints")
    reader = charlie
    if who == "superuser":
        reader = factories.make_coach("root@example.org")
        reader.is_superuser = True
        reader.save()
    client.force_login(reader)
    sentences = english_sentences()
    seen, left = 0, []
    for url in pages():
        response = client.get(url, headers={"accept-language": "de"})
        if response.status_code != 200:
            continue
        seen += 1
        assert response["Content-Language"] == "de", url
        page = text_of(response).lower()
        left += [f"{url}: {sentence}" for sentence in sentences if sentence.lower() in page]
    assert seen > (20 if who == "coach" else 60)
    assert left == []
