# Everything runs in .venv, which the first target that needs it prepares.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin
READY := .venv/.ready

.PHONY: setup test lint demo bench pictures reference train evaluate

setup: $(READY)

$(READY): pyproject.toml BSAFusionExtension/constraints.txt BSAFusionExtension/setup_environment.py
	$(PYTHON) BSAFusionExtension/setup_environment.py

lint: $(READY)
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

# Each module of panel tests gets its own process: one that crashes in Qt must not take the others with it.
test: lint
	for module in $(wildcard Testing/panel/test_*.py); do $(BIN)/pytest --quiet $$module || exit 1; done
	$(BIN)/pytest --ignore=Testing/panel

demo: $(READY)
	$(BIN)/python -m bsafusion_demo

bench: $(READY)
	$(BIN)/python -m bsafusion_demo.bench

pictures: $(READY)
	$(BIN)/python -m Testing.pictures docs/pictures

reference: $(READY)
	$(BIN)/python -m bsafusion_demo.reference

train: $(READY)
	$(BIN)/python -m bsafusion_training reproduce $(ARGS)

evaluate: $(READY)
	$(BIN)/python -m bsafusion_training evaluate $(ARGS)
