"""Every text of the product is there in every language, as it was written, with the same placeholders."""

import ast
from pathlib import Path

import pytest
from babel.messages.catalog import Message
from django.conf import settings
from django.utils import translation
from django.utils.translation import to_locale

from config import catalogues

LANGUAGES = [to_locale(code) for code, _ in settings.LANGUAGES if code != "en"]


def test_there_is_a_catalogue_for_each_language_but_the_source():
    assert list(catalogues.LANGUAGES) == LANGUAGES
    assert sorted(path.name for path in catalogues.LOCALE.iterdir()) == sorted(LANGUAGES)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_catalogue_is_whole_current_and_compiled(language):
    assert catalogues.faults(language) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_is_left_over(language):
    content = catalogues.po_path(language).read_text()
    assert "#~" not in content
    assert "#, fuzzy" not in content
    assert "Creation-Date" not in content and "Revision-Date" not in content


@pytest.mark.parametrize("language", LANGUAGES)
def test_django_speaks_it(language):
    texts = catalogues.kept(language)
    said = next(message for message in texts if message.id and isinstance(message.id, str) and message.string)
    with translation.override(translation.to_language(language)):
        assert translation.gettext(said.id) == said.string


@pytest.mark.parametrize(
    ("source", "string", "is_wrong"),
    [
        ("%(n)d of 20 %", "20 %: %(n)d", False),
        ("%(n)d of 20 %", "20 %: %(m)d", True),
        ("%(n)d of 20 %%", "20 %%: %(n)d", False),
        ("%(n)d of 20 %%", "20 %: %(n)d", True),
        ("%(name)s rests", "ruht", True),
        ("400 m, % faster", "400 m, % schneller", False),
        ("Not {name}", "Nicht {name}", False),
        ("Not {name}", "Nicht {wen}", True),
        ("Two ", "Zwei", True),
        (("%(n)d day", "%(n)d days"), ("%(n)d Tag", "%(n)d Tage"), False),
        (("a day", "%(n)d days"), ("ein Tag", "%(n)d Tage"), False),
        (("%(n)d day", "%(n)d days"), ("%(n)d Tag",), True),
        (("%(n)d day", "%(n)d days"), ("%(n)d Tag", "viele Tage"), True),
    ],
)
def test_a_wrong_translation_is_noticed(source, string, is_wrong):
    texts = catalogues.Texts(locale="de")
    assert bool(list(catalogues.wrong_in(Message(source, string), texts))) is is_wrong


def test_what_is_marked_in_code_and_templates_is_found(tmp_path):
    code = tmp_path / "code.py"
    code.write_text(
        "_('one')\ngettext_lazy('two')\nngettext_lazy('%(n)d day', '%(n)d days', 'n')\npgettext('verb', 'rest')\n"
        "npgettext('noun', 'a rest', '%(n)d rests', 2)\ngettext('three '\n    'lines')\n"
    )
    page = tmp_path / "templates" / "page.html"
    page.parent.mkdir()
    page.write_text(
        '<p>\n   {% translate "four" %}{{ _("five") }}</p>\n'
        "{% blocktranslate with name=user.name trimmed %}\n  Six of\n  {{ name }}: 5 %\n{% endblocktranslate %}"
        "{% blocktranslate count n=days %}a day{% plural %}{{ n }} days{% endblocktranslate %}"
    )
    found = [said for path in (code, page) for _, said, _, _ in catalogues.messages_in(path)]
    assert found == [
        "one", "two", ("%(n)d day", "%(n)d days"), "rest", ("a rest", "%(n)d rests"), "three lines",
        "four", "five", "Six of %(name)s: 5 %%", ("a day", "%(n)s days"),
    ]  # fmt: skip


def test_no_text_is_put_together_before_it_is_looked_up():
    """gettext(f"...") and gettext("..." % ...) look up what no catalogue can hold."""
    wrong = []
    for path in catalogues.sources():
        if path.suffix == ".py":
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Call) and name_of(node.func) in catalogues.KEYWORDS:
                    wrong += [
                        f"{path.relative_to(catalogues.ROOT)}:{node.lineno}"
                        for argument in node.args[:1]
                        if isinstance(argument, ast.JoinedStr | ast.BinOp)
                    ]
    assert wrong == []


def name_of(called):
    return getattr(called, "id", "") if isinstance(called, ast.Name) else getattr(called, "attr", "")


def test_the_compiled_catalogues_are_shipped():
    dockerfile = (Path(catalogues.ROOT) / "Dockerfile").read_text()
    assert "COPY locale locale" in dockerfile
