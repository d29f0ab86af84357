# The one door. `make help` lists what there is.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.DEFAULT_GOAL := help
.PHONY: help run serve test evidence bench mutants requirements lint lock i18n

help: ## list the commands
	@grep -hE '^[a-z0-9-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z0-9-]+):.*## /\1\t/' | expand -t 16

$(VENV)/.run: requirements.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements.txt
	touch $@

$(VENV)/.dev: requirements-dev.txt $(VENV)/.run
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements-dev.txt
	touch $@

i18n: $(VENV)/.run ## compile the message catalogues
	@$(BIN)/pybabel compile --quiet -d shop/translations

run: $(VENV)/.run i18n ## the demo shop on http://127.0.0.1:5000 with a practice provider; Ctrl-C ends it
	$(BIN)/python -m shop.demo.launch
