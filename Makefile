# The one door to work. `make` alone prints this help.
PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check -q
ROOMS := schemas edge_agent firmware mes_server tools

.DEFAULT_GOAL := help
.PHONY: help run test check bench docs setup testbed workshop lock format clean

help:  ## This help
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: setup  ## Broker, ingest, pages and a demo plant with ten days behind it; Ctrl-C stops all
	@exec $(BIN)/mes run --demo --history 10d

test: testbed  ## Every test; what cannot run here is listed with the reason
	$(BIN)/python -m pytest -n 2 --dist loadfile

check: .venv/dev.done  ## Format, lint, types, floor plan, house rules, generated docs: seconds
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/python -m tools.boards
	$(BIN)/lint-imports
	$(BIN)/python -m tools.docs --check
	$(BIN)/python -m pytest -q tests/test_house.py

bench: setup  ## Speed of ingest, store and reading on this machine
	$(BIN)/mes bench ingest

docs: .venv/dev.done  ## Write the generated pages: docs/stations.md, docs/instruments.md, docs/cli.md
	$(BIN)/python -m tools.docs

format: .venv/dev.done  ## Format the code and mend what the linter can
	$(BIN)/ruff format . && $(BIN)/ruff check --fix .

setup: .venv/run.done .tools/web/installed.lock  ## What `make run` needs
	@$(BIN)/python -m tools.micropython > /dev/null || \
	  echo "The demo's agents will run on CPython; the pages say so."

testbed: .venv/dev.done setup  ## What `make test` needs beyond that
	@$(BIN)/python -m tools.testbed

workshop: .venv/workshop.done  ## What a technician needs to put Lodestone on boards: python -m firmware.flash
	@echo "Ready: $(BIN)/python -m firmware.flash --help; docs/workshop.md says how."

.venv/made.done:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Lodestone needs Python 3.11 or newer; name one with make PYTHON=python3.12")'
	@echo "Setting up .venv and .tools here, once: a minute or two. Nothing outside this folder is touched."
	$(PYTHON) -m venv .venv
	@touch $@

.venv/run.done: .venv/made.done requirements/run.lock pyproject.toml
	$(PIP) install --require-hashes -r requirements/run.lock
	$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@

.venv/dev.done: .venv/run.done requirements/dev.lock
	$(PIP) install --require-hashes -r requirements/dev.lock
	@touch $@

.venv/workshop.done: .venv/run.done requirements/workshop.lock
	$(PIP) install --require-hashes -r requirements/workshop.lock
	@touch $@

.tools/web/installed.lock: .venv/run.done mes_server/web/package-lock.json tools/npm.py
	$(BIN)/python -m tools.npm web
	@touch $@

LOCK = .tools/lock/bin/uv pip compile -q --universal --generate-hashes --python-version 3.11 \
  --no-emit-index-url --no-emit-find-links --custom-compile-command 'make lock'

lock:  ## Resolve the dependencies anew (needs a package index)
	$(PYTHON) -m venv .tools/lock && .tools/lock/bin/python -m pip -q install uv
	$(LOCK) --extra setup --extra dev --extra workshop -o requirements/dev.lock pyproject.toml
	$(LOCK) --extra setup -c requirements/dev.lock -o requirements/run.lock pyproject.toml
	$(LOCK) --extra setup --extra workshop -c requirements/dev.lock -o requirements/workshop.lock pyproject.toml
	$(LOCK) -o requirements/strangers.lock requirements/strangers.in
	$(LOCK) -o requirements/stubs-esp32.lock requirements/stubs-esp32.in
	$(LOCK) -o requirements/stubs-rp2.lock requirements/stubs-rp2.in

clean:  ## Remove what was set up and the caches; the data in var/ stays
	rm -rf .venv .tools build *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis \
	  .import_linter_cache mes_server/web/static/vendor mes_server/reports/fonts
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
