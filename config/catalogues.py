"""The texts of the product and their translations: extracted from code and templates, kept as .po, served as .mo.

    python -m config.catalogues             bring locale/ up to date: new texts are added untranslated, gone ones leave
    python -m config.catalogues --check     say what is not as extraction would leave it, or not translated

In Python and not by GNU gettext, so that it works wherever the tests do. Deterministic: no dates, no line numbers.
"""

import re
import sys
from collections.abc import Iterable, Iterator
from functools import cache
from io import BytesIO
from pathlib import Path

import django
import simple_history
import unfold
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract
from babel.messages.mofile import read_mo, write_mo
from babel.messages.pofile import read_po, write_po
from django.utils.translation.template import templatize

ROOT = Path(__file__).resolve().parent.parent
LOCALE = ROOT / "locale"
UNFOLD, DJANGO, SIMPLE_HISTORY = (Path(str(module.__file__)).parent for module in (unfold, django, simple_history))
LANGUAGES = {"de": "Deutsch", "zh_Hans": "简体中文"}  # as directories are named; English is the source
PACKAGES = ("athletes", "config", "measures", "mlmodels", "recommendations", "rest", "storage")
PERCENT = re.compile(r"%\(\w+\)[-+#0]*[\d.]*[a-zA-Z]|%[\d.]*[sdfg]\b|%%")  # "80 % band" has none
BRACES = re.compile(r"\{\w*\}")

KEYWORDS = DEFAULT_KEYWORDS | {
    f"{name}{ending}": spec
    for name, spec in {
        "gettext": None, "ngettext": (1, 2), "pgettext": ((1, "c"), 2), "npgettext": ((1, "c"), 2, 3)
    }.items()
    for ending in ("", "_lazy", "_noop")
}  # fmt: skip
HEADERS = ("Language", "Plural-Forms", "MIME-Version", "Content-Type", "Content-Transfer-Encoding")


class Texts(Catalog):
    """Without the headers that differ each time it is written."""

    def _get_mime_headers(self) -> list[tuple[str, str]]:
        return [(name, value) for name, value in super()._get_mime_headers() if name in HEADERS]

    mime_headers = property(_get_mime_headers, Catalog._set_mime_headers)

    def take(self, message: Message, old: Message | None) -> None:
        same_kind = old is not None and isinstance(old.id, tuple) == isinstance(message.id, tuple)
        taken = self.add(
            message.id,
            old.string if old is not None and same_kind else None,
            locations=message.locations,
            flags=old.flags if old is not None else (),
            auto_comments=message.auto_comments,
            user_comments=old.user_comments if old is not None else (),
            context=message.context,
        )
        if not PERCENT.search(" ".join(forms(message.id))):
            taken.flags.discard("python-format")
        if not BRACES.search(" ".join(forms(message.id))):
            taken.flags.discard("python-brace-format")


def forms(text: str | tuple[str, ...] | list[str] | None) -> tuple[str, ...]:
    return (text or "",) if isinstance(text, str | None) else tuple(text)


# --- what the code says ---------------------------------------------------------------------------------------------


@cache
def extracted() -> Catalog:
    texts = Catalog(project="Homestretch", charset="utf-8")
    for path in sorted(sources()):
        name = path.relative_to(ROOT).as_posix()
        for line, said, comments, context in messages_in(path):
            texts.add(said, locations=[(name, line)], auto_comments=comments, context=context)
    known = [known_to_libraries(language) for language in LANGUAGES]
    for path in sorted(borrowed()):
        name = path.relative_to(UNFOLD.parent).as_posix()
        for line, said, comments, context in messages_in(path):
            if context or texts.get(forms(said)[0]) or not all(forms(said)[0] in ids for ids in known):
                texts.add(said, locations=[(name, line)], auto_comments=comments, context=context)
    return texts


def borrowed() -> Iterator[Path]:
    """What we use of unfold: it marks its texts, but comes without a translation of them."""
    yield from UNFOLD.glob("*.py")
    for part in (".", "contrib/filters", "contrib/simple_history"):
        yield from (UNFOLD / part / "templates").rglob("*.html")
    yield from (UNFOLD / "contrib" / "filters").rglob("*.py")


def known_to_libraries(language: str) -> set[str]:
    """What the catalogues of Django and its admin say themselves; the same words are not asked for again."""
    found: set[str] = set()
    for package in (DJANGO, SIMPLE_HISTORY):
        for path in package.rglob(f"locale/{language}/LC_MESSAGES/django.mo"):
            with path.open("rb") as file:
                found |= {forms(message.id)[0] for message in read_mo(file) if message.id}
    return found


def sources() -> Iterator[Path]:
    for package in PACKAGES:
        for kind in ("py", "html", "txt"):
            yield from (path for path in (ROOT / package).rglob(f"*.{kind}") if is_source(path))


def is_source(path: Path) -> bool:
    return (path.suffix == ".py" and "migrations" not in path.parts) or "templates" in path.parts


def messages_in(path: Path) -> Iterable[tuple[int, str | tuple[str, ...], list[str], str | None]]:
    source = path.read_text()
    if path.suffix != ".py":
        source = as_python(source, str(path))
    return extract("python", BytesIO(source.encode()), KEYWORDS, ["Translators:"], {"encoding": "utf-8"})


def as_python(template: str, origin: str) -> str:
    """Django writes its tags as calls among X's, for a lexer that forgives; Babel's wants no indentation."""
    return "\n".join(line.lstrip() for line in templatize(template, origin=origin).splitlines())


# --- what is kept ---------------------------------------------------------------------------------------------------


def po_path(language: str) -> Path:
    return LOCALE / language / "LC_MESSAGES" / "django.po"


def kept(language: str) -> Texts:
    texts = Texts(locale=language, charset="utf-8", fuzzy=False)
    if po_path(language).exists():
        with po_path(language).open("rb") as file:
            for message in read_po(file, locale=language):
                if message.id:
                    texts.take(message, message)
    return texts


def updated(language: str) -> Texts:
    """Translations of texts that are still there, word for word; no guess at those that changed."""
    before, after = kept(language), Texts(locale=language, charset="utf-8", fuzzy=False)
    for message in extracted():
        if message.id:
            after.take(message, before.get(message.id, message.context))
    return after


def written(texts: Texts) -> bytes:
    content = BytesIO()
    texts.header_comment = f"# Homestretch: {LANGUAGES[str(texts.locale)]}"
    write_po(content, texts, width=100, include_lineno=False, sort_by_file=True)
    return content.getvalue().rstrip() + b"\n"


def blocks(po: bytes) -> list[bytes]:
    """One for each text: code that moves within its file changes nothing but their order."""
    return sorted(po.strip().split(b"\n\n"))


def compiled(texts: Texts) -> bytes:
    content = BytesIO()
    write_mo(content, texts)
    return content.getvalue()


def update(language: str) -> Texts:
    path, texts = po_path(language), updated(language)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(written(texts))
    path.with_suffix(".mo").write_bytes(compiled(kept(language)))
    return kept(language)


# --- what is wrong --------------------------------------------------------------------------------------------------


def faults(language: str) -> list[str]:
    """Why a reader of this language would see something else than it, or something wrong."""
    path = po_path(language)
    if not path.exists():
        return ["there is no catalogue"]
    texts = kept(language)
    found = [f"not translated: {message.id!r}" for message in untranslated(texts)]
    found += [f"fuzzy: {message.id!r}" for message in texts if message.id and message.fuzzy]
    found += [f"{fault}: {message.id!r}" for message in texts if message.id for fault in wrong_in(message, texts)]
    if blocks(path.read_bytes()) != blocks(written(updated(language))):
        found.append("django.po is not what extraction gives now; run `make catalogues`")
    mo = path.with_suffix(".mo")
    if not mo.exists() or mo.read_bytes() != compiled(texts):
        found.append("django.mo is not compiled from django.po; run `make catalogues`")
    return found


def untranslated(texts: Texts) -> list[Message]:
    return [message for message in texts if message.id and not all(forms(message.string))]


def wrong_in(message: Message, texts: Texts) -> Iterator[str]:
    """A placeholder that is missing or new, or a plural form too few. What is not translated is told elsewhere."""
    strings, ids = forms(message.string), forms(message.id)
    if not all(strings):
        return
    if isinstance(message.id, tuple | list) and len(strings) != texts.num_plurals:
        yield f"{len(strings)} plural forms, {texts.num_plurals} are needed"
    for string in strings:
        if placeholders(string) not in map(placeholders, ids):
            yield f"other placeholders in {string!r}"
        if string[:1].isspace() != ids[0][:1].isspace() or string[-1:].isspace() != ids[0][-1:].isspace():
            yield f"space at the edge of {string!r}"


def placeholders(text: str) -> list[str]:
    return sorted(PERCENT.findall(text) + BRACES.findall(text))


def main(arguments: list[str]) -> int:
    failed = False
    for language in LANGUAGES:
        if arguments == ["--check"]:
            found = faults(language)
            failed |= bool(found)
            print(*(f"{language}: {fault}" for fault in found), sep="\n")
        else:
            texts = update(language)
            print(f"{language}: {len(texts)} texts, {len(untranslated(texts))} not translated")
    return failed


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
