# The one door. `make help` lists what there is.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
HOST ?= 127.0.0.1
PORT ?= 5000
WORKERS ?= $(shell $(PYTHON) -c 'import os; print(os.cpu_count() or 2)')
SHOP_THREADS ?= 16
CATALOGUES := $(wildcard shop/translations/*/LC_MESSAGES/*.po providers/*/translations/*/LC_MESSAGES/*.po)
COMPILE := $(BIN)/pip-compile --quiet --generate-hashes --strip-extras --allow-unsafe --no-header --no-annotate \
	--no-emit-index-url --no-emit-trusted-host --no-emit-find-links --no-emit-options

.DEFAULT_GOAL := help
.PHONY: help run serve test evidence bench mutants requirements lint lock i18n

help: ## list the commands
	@grep -hE '^[a-z0-9-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z0-9-]+):.*## /\1\t/' | expand -t 16

$(VENV)/.run: requirements.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	touch $@

$(VENV)/.dev: requirements-dev.txt $(VENV)/.run
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	touch $@

i18n: $(CATALOGUES:.po=.mo) ## compile the message catalogues

%.mo: %.po | $(VENV)/.run
	@$(BIN)/pybabel --quiet compile -i $< -o $@

run: $(VENV)/.run i18n ## the demo shop on http://127.0.0.1:5000 with a practice provider; Ctrl-C ends it
	umask 077 && exec $(BIN)/python -m shop.demo.launch

serve: $(VENV)/.run i18n ## the shop in production: HOST, PORT, WORKERS; refuses what must not face the public
	$(BIN)/flask --app app check
	umask 077 && exec $(BIN)/granian --interface wsgi --host $(HOST) --port $(PORT) --workers $(WORKERS) \
		--blocking-threads $(SHOP_THREADS) --respawn-failed-workers --workers-kill-timeout 45 --factory app:serve

test: $(VENV)/.dev i18n ## everything CI runs: lint and all suites, on SQLite and PostgreSQL, in Chromium
	$(BIN)/python -m tests.support.run test

evidence: $(VENV)/.dev i18n ## the long forms – thousands of kills, a million orders – and the mutants
	$(BIN)/python -m tests.support.run evidence

bench: $(VENV)/.dev i18n ## speed against its floors; fails above a limit of tests/bench/limits.toml
	$(BIN)/python -m tests.bench

mutants: $(VENV)/.dev i18n ## take each guard out and see its test go red
	$(BIN)/python -m tests.support.mutants

requirements: $(VENV)/.dev ## which requirement the last `make test` proved, by which test
	$(BIN)/python -m tests.support.requirements

lint: $(VENV)/.dev ## ruff, mypy, and the arrows between packages
	$(BIN)/python -m tests.support.run lint

lock: $(VENV)/.dev ## pin the newest fitting versions with their hashes
	$(COMPILE) --upgrade --output-file requirements.txt pyproject.toml
	$(BIN)/python -c 'import tomllib; print(*tomllib.load(open("pyproject.toml", "rb"))["dependency-groups"]["dev"], sep="\n")' \
		| $(COMPILE) --upgrade --constraint requirements.txt --output-file requirements-dev.txt -
