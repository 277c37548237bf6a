from django.apps import AppConfig
from django.utils.translation import gettext_lazy


class MlmodelsConfig(AppConfig):
    name = "mlmodels"
    verbose_name = gettext_lazy("policies")

    def ready(self) -> None:
        from mlmodels import checks  # noqa: F401  registers the system checks
