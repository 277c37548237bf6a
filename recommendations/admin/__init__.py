"""Found by Django by this name: whoever registers a model is imported here."""

from recommendations.admin import advice, notice_lists, push_lists, shadow_page  # noqa: F401
