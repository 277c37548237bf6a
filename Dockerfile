# serve: web, worker and beat, without torch.  train: the same and what training needs.
FROM python:3.11-slim-bookworm AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 UV_COMPILE_BYTECODE=1 UV_LINK_MODE=copy
RUN python -m venv /venv && /venv/bin/pip install uv==0.13.9
COPY requirements.lock /tmp/
RUN /venv/bin/uv pip install --no-cache --python /venv/bin/python --require-hashes -r /tmp/requirements.lock

FROM build AS build-train
COPY requirements-dev.lock /tmp/
RUN /venv/bin/uv pip install --no-cache --python /venv/bin/python --require-hashes -r /tmp/requirements-dev.lock \
    && /venv/bin/uv pip install --no-cache --python /venv/bin/python --torch-backend cpu torch==2.13.0

FROM python:3.11-slim-bookworm AS base
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 OMP_NUM_THREADS=1 HOMESTRETCH_DATA=/data
RUN useradd --system --uid 10001 --create-home homestretch && install -d -o homestretch /data /data/uploads /data/policies
WORKDIR /app
COPY manage.py pyproject.toml ./
COPY config config
COPY athletes athletes
COPY measures measures
COPY rest rest
COPY storage storage
COPY mlmodels mlmodels
COPY recommendations recommendations
COPY locale locale
VOLUME /data
USER 10001

FROM base AS train
COPY --from=build-train /venv /venv
ENTRYPOINT ["python", "manage.py"]
CMD ["train_policy", "--help"]

FROM base AS serve
COPY --from=build /venv /venv
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s --retries=3 \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/healthz', timeout=2)"]
# A worker that answers nothing for 30 s is replaced by the main process: Docker restarts what has exited, not what is unhealthy.
CMD ["python", "-m", "config.serve", "--host", "0.0.0.0", "--port", "8000", "--workers", "2", "--stop-within", "10"]
