# Each target is one command. ./homestretch sets up .venv by itself.
.PHONY: run test check format lock migrations openapi catalogues bench images

run:         ; ./homestretch up
test:        ; ./homestretch test
check:       ; ./homestretch check
format:      ; .venv/bin/ruff format . && .venv/bin/ruff check --fix .
migrations:  ; ./homestretch manage makemigrations
openapi:     ; ./homestretch manage spectacular --validate --fail-on-warn --file docs/api/openapi.yaml
catalogues:  ; .venv/bin/python -m config.catalogues
images:      ; docker build --target serve -t homestretch:serve . && docker build --target train -t homestretch:train .

# Newer versions: `make lock UPGRADE=--upgrade`. torch stays out: its wheel depends on the machine.
COMPILE = .venv/bin/uv pip compile pyproject.toml --universal --generate-hashes --quiet $(UPGRADE)
lock:
	$(COMPILE) -o requirements.lock
	$(COMPILE) --all-extras -c requirements.lock -o requirements-dev.lock
