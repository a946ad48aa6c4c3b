# Two commands set everything up: `make lab` and `make test`. Both work from an empty checkout or from
# any state, and are quick the second time. The work is done in .ci/; this file only names it.

PYTHON ?= python3
BIN := .venv/bin
AS_ROOT := $(if $(filter 0,$(shell id -u)),--allow-root)

.DEFAULT_GOAL := help
.PHONY: help lab test unit browser format build clean

help: ## list the targets
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 18

lab: ## open JupyterLab on the quickstart (ARGS="--no-browser --port 0" passes arguments on)
	@$(PYTHON) .ci/setup.py lab
	@# Trusted notebooks show the widgets of their saved outputs after a reload; these are ours.
	@$(BIN)/jupyter trust notebooks/*.ipynb >/dev/null
	@exec $(BIN)/jupyter lab $(AS_ROOT) --ServerApp.root_dir=notebooks \
		--LabApp.default_url=/lab/tree/01_quickstart.ipynb $(ARGS)

test: ## run every check there is; the last line is `N passed, M failed`
	@$(PYTHON) .ci/setup.py dev || { echo "0 passed, 1 failed"; exit 1; }
	@$(BIN)/python .ci/gate.py

unit: ## run the Python tests that need no browser (ARGS="-k undo" passes arguments on)
	@$(PYTHON) .ci/setup.py dev
	@$(BIN)/python -m pytest -m "not browser" $(ARGS)

browser: ## run the tests in a real JupyterLab (ARGS as above)
	@$(PYTHON) .ci/setup.py dev
	@CHROMIUM="$$($(BIN)/python .ci/chromium.py)" && export CHROMIUM && \
		$(BIN)/python -m pytest -m browser $(or $(ARGS),tests/browser)

format: ## format, and fix what the tools can fix, in Python and TypeScript
	@$(PYTHON) .ci/setup.py dev
	@$(BIN)/python .ci/gate.py format

build: ## build js/ into kaizen_widgets/static, if something changed
	@$(PYTHON) .ci/setup.py lab

clean: ## remove everything that make created
	rm -rf .venv js/node_modules kaizen_widgets/static build dist .reports tests/browser/screenshots
	rm -rf tests/conformance/query/oracle/node_modules
	rm -rf .pytest_cache .ruff_cache .import_linter_cache .hypothesis
	find kaizen_widgets tests .ci -name __pycache__ -type d -prune -exec rm -rf {} +
