from django.apps import AppConfig


class MlmodelsConfig(AppConfig):
    name = "mlmodels"
    verbose_name = "policies"

    def ready(self) -> None:
        from mlmodels import checks  # noqa: F401  registers the system checks
