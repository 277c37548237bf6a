import gc
import os

from django.core.wsgi import get_wsgi_application
from django.db.backends.signals import connection_created
from django.urls import get_resolver

from storage.patience import end_long_statements

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
application = get_wsgi_application()
connection_created.connect(end_long_statements, dispatch_uid="config.end_long_statements")
_ = get_resolver().url_patterns  # else the first request imports every view: 2.6 s of a vendor's webhook were seen

# Half a million objects that stay as long as the process: walking them again and again took a quarter of a request's
# CPU. Frozen, they are left out; what requests leave behind is still collected.
gc.collect()
gc.freeze()
