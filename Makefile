# Every command prepares what it needs: `make demo` on a bare machine (Python 3.11, make, root or sudo) is enough.
# With DATABASE_URL set, the demonstration and the tests use that PostgreSQL instead of their own.
PYTHON := .venv/bin/python

.DEFAULT_GOAL := help
.PHONY: help demo test fuzz lint format access lock clean bootstrap bootstrap-dev

help:
	@echo "make demo    lance la démonstration (http://127.0.0.1:8000, ou PORT=…)"
	@echo "make test    lance tous les tests"
	@echo "make fuzz    essaie 2 000 entrées par formulaire, page et adresse (FUZZ_INPUTS=…, une à deux heures)"
	@echo "make lint    vérifie le style, les gabarits et les migrations"
	@echo "make format  met en forme le code et les gabarits"
	@echo "make access  réécrit docs/access.md, le tableau de qui peut ouvrir quoi"
	@echo "make lock    refige les dépendances (requirements*.txt) à partir de requirements*.in"
	@echo "make clean   arrête les bases privées et supprime leurs données et les fichiers produits"

bootstrap:
	@python3 -m franceservices.bootstrap

bootstrap-dev:
	@python3 -m franceservices.bootstrap --dev

demo: bootstrap
	@$(PYTHON) -m franceservices.embedded_postgres run --name demo -- $(PYTHON) -m franceservices.demo

# One worker per core of a small machine; tests of one file stay together, so that a file's server starts once.
test: bootstrap-dev
	$(PYTHON) -m pytest -n 2 --dist loadfile -m "not alone"
	$(PYTHON) -m pytest -m alone

# Other inputs at each run; `make test` tries a few of them, the same each time.
FUZZ_INPUTS ?= 2000
fuzz: bootstrap-dev
	$(PYTHON) -m pytest tests/fuzzing --fuzz-inputs=$(FUZZ_INPUTS) -s

lint: bootstrap-dev
	$(PYTHON) -m ruff check .
	$(PYTHON) -m ruff format --check .
	$(PYTHON) -m djlint --check --quiet templates
	$(PYTHON) -m djlint --lint --quiet templates
	SECRET_KEY=lint $(PYTHON) -m franceservices.embedded_postgres run --name demo -- \
		$(PYTHON) manage.py makemigrations --check --dry-run
	$(PYTHON) -m franceservices.dependency_audit

format: bootstrap-dev
	$(PYTHON) -m ruff check --fix .
	$(PYTHON) -m ruff format .
	$(PYTHON) -m djlint --reformat --quiet templates

access: bootstrap-dev
	$(PYTHON) -m tests.access.document

# `uv` is needed for this one only. The result names no package index.
lock:
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url \
		--no-emit-find-links --quiet --output-file requirements.txt requirements.in
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url \
		--no-emit-find-links --quiet --output-file requirements-dev.txt requirements-dev.in

clean:
	@if [ -x $(PYTHON) ]; then \
		$(PYTHON) -m franceservices.embedded_postgres remove --name demo && \
		$(PYTHON) -m franceservices.embedded_postgres remove --name test && \
		$(PYTHON) -m franceservices.embedded_postgres remove --name bench; fi
	@rm -rf .postgres .demo staticfiles .pytest_cache .ruff_cache .hypothesis test-results
	@find . -name __pycache__ -not -path './.venv/*' -prune -exec rm -rf {} +
