# Every target says what it does in the comment behind it; `make` alone prints them.
# PYTHON picks the interpreter:  make test PYTHON=python3.13

PYTHON ?= python3
BUILD  := .build
VENV   := .venv
RUN    := $(VENV)/bin/python

# The modules in which every branch must be taken by a test.
FULLY_COVERED := tools/live/core/*,tools/live/order_store.py,tools/live/risk*.py,tools/live/portfolio/*,tools/live/journal/*,tools/live/fold_state/*

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help demo test coverage check tidy compile types matrix bench bench-gate interop \
        interop-engines goldens wheel clean python venv

help:  ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: python  ## run the shadow demo; needs no installation
	@$(PYTHON) -m tools.live.exec_demo --shadow --pretty

test: venv  ## make the test environment, run all tests with branch coverage
	@mkdir -p $(BUILD)
	$(RUN) -m tests.lanes
	@$(RUN) -m coverage report

coverage: venv  ## hold the last test run against the coverage gate
	@$(RUN) -m coverage report --format=total --fail-under=95 >$(BUILD)/coverage-total \
		|| { echo "error: coverage: $$(head -n 1 $(BUILD)/coverage-total) % of tools/live is below 95 %"; exit 1; }
	@$(RUN) -m coverage report --include='$(FULLY_COVERED)' --fail-under=100 >$(BUILD)/coverage-core \
		|| { cat $(BUILD)/coverage-core; echo "error: coverage: these modules must be at 100 %"; exit 1; }
	@echo "coverage $$(head -n 1 $(BUILD)/coverage-total) % of tools/live, core modules 100 %"

check: compile tidy test coverage  ## compile, tidy, tests and coverage gate

compile: python
	@$(PYTHON) -m compileall -q tools tests .ci

tidy: python  ## hold the sources against the rules of shape, layers and determinism
	@$(PYTHON) .ci/tidy.py .

types: python  ## check the types strictly, with a checker from a throw-away environment
	@$(PYTHON) .ci/environment.py $(BUILD)/types .ci/types-requirements.txt
	$(BUILD)/types/bin/python -m mypy -p tools.live
	$(BUILD)/types/bin/python -m mypy .ci/backend.py .ci/environment.py .ci/tidy.py tests/matrix/__main__.py

matrix: python  ## compare the bytes of runs and replays over Pythons, hash seeds, zones and locales
	@$(PYTHON) -m tests.matrix

bench: python  ## measure speed, memory and start-up; print the table
	@$(PYTHON) -m tests.bench

bench-gate: python
	@$(PYTHON) -m tests.bench --gate

interop: python  ## notebook and browser tests, in an environment of their own
	@$(PYTHON) .ci/environment.py $(BUILD)/interop tests/interop/requirements.txt
	$(BUILD)/interop/bin/python -m pytest -W default --ignore=tests/interop/engines tests/interop

interop-engines: python  ## hftbacktest, Backtrader, NautilusTrader and Dask, in an environment of their own
	@$(PYTHON) .ci/environment.py $(BUILD)/engines tests/interop/engines.txt --no-deps --only-binary :all:
	$(BUILD)/engines/bin/python -m pytest -W default tests/interop/engines

goldens: venv  ## rewrite the golden files from what the product does now
	$(RUN) -m tests.goldens
	@git --no-pager diff --stat -- tests

wheel: python  ## build the wheel and print its SHA-256
	@$(PYTHON) .ci/backend.py wheel $(BUILD)/dist

clean:  ## remove everything that the targets made
	rm -rf $(VENV) $(BUILD) build dist *.egg-info
	find tools tests .ci -name __pycache__ -type d -prune -exec rm -rf {} +

venv: python
	@$(PYTHON) .ci/environment.py $(VENV) tests/requirements.txt --require-hashes --only-binary :all:

python:
	@command -v '$(PYTHON)' >/dev/null || \
		{ echo "error: python: there is no $(PYTHON); set PYTHON" >&2; exit 2; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and \
	"error: python: $(PYTHON) is %d.%d, but 3.11 or newer is needed; set PYTHON" % sys.version_info[:2])' \
	|| exit 2
