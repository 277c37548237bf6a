from django.apps import AppConfig
from django.utils.translation import gettext_lazy


class AthletesConfig(AppConfig):
    name = "athletes"
    verbose_name = gettext_lazy("Athletes")

    def ready(self) -> None:
        from athletes import checks  # noqa: F401  checks register themselves
