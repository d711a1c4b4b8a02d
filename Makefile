# Everything a developer or an operator does with this repository. `make` alone explains.

SHELL := /bin/bash
PYTHON_HERE := .venv/bin/python
LIANXI := $(PYTHON_HERE) -m lianxi.ops
TESTS := tests/unit tests/contract tests/integration tests/repository
STATE := .lianxi
ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help setup demo test check bench browser containers faults migrate docs clean

help:  ## list these targets
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):[^#]*## */  make \1\t/' | expand -t 16

setup:  ## install what is missing: servers, tools of the tests, the virtual environment
	@deploy/setup.sh

demo: setup  ## three nodes on this machine and a story through all of them (ARGS=--exit ends afterwards)
	@$(LIANXI) demo $(ARGS)

check: setup  ## format, lint, types, import contracts, spelling
	$(PYTHON_HERE) -m ruff format --check .
	$(PYTHON_HERE) -m ruff check .
	$(PYTHON_HERE) -m mypy
	.venv/bin/lint-imports
	.venv/bin/codespell

test: check  ## what CI runs: the checks, then every test on a real broker and database
	REQUIRE_REAL=1 $(PYTHON_HERE) -m pytest -n 2 $(TESTS) $(ARGS)

browser: setup  ## the pages in Chromium, on three nodes with all their processes
	@deploy/setup.sh --browser
	REQUIRE_REAL=1 $(PYTHON_HERE) -m pytest -n 0 tests/browser $(ARGS)

containers: setup  ## the compose file and rendered nodes in containers: healthy in time, each part killed, nothing lost
	REQUIRE_REAL=1 $(PYTHON_HERE) -m pytest -n 0 tests/compose $(ARGS)

faults: setup  ## kill, cut and wipe at every step of a message's road; count what was lost or done twice
	REQUIRE_REAL=1 $(PYTHON_HERE) -m pytest -n 0 tests/faults $(ARGS)

bench: setup  ## measure beside bare tools (ARGS=--write renews docs/benchmarks.md)
	$(PYTHON_HERE) -m tests.bench $(ARGS)

migrate: setup  ## bring the databases of the nodes in .lianxi/demo to the newest schema
	$(LIANXI) node migrate --state $(STATE)/demo $(ARGS)

docs: setup  ## write the documents that are generated from the code
	$(PYTHON_HERE) -m lianxi.contracts.asyncapi > docs/asyncapi.yaml
	$(PYTHON_HERE) -m lianxi.contracts.agency_document > docs/agency-asyncapi.yaml
	$(PYTHON_HERE) -m services.portal.service --openapi > docs/openapi.yaml
	$(PYTHON_HERE) -m tests.repository.transition_table --write
	$(PYTHON_HERE) -W ignore -m deploy.grafana.build --write
	$(PYTHON_HERE) -m tests.repository.metrics_page --write

clean:  ## stop what runs under .lianxi/ and delete it, with the caches; the virtual environment stays
	@if [ -x $(PYTHON_HERE) ]; then $(PYTHON_HERE) -m lianxi.ops.local.cleaning $(STATE); fi
	rm -rf $(STATE) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis .coverage htmlcov
	find lianxi services tests -name __pycache__ -type d -prune -exec rm -rf {} +
