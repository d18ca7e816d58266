# Recipes for people and for CI. Everything goes into .venv and build/.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/$(if $(filter Windows_NT,$(OS)),Scripts,bin)
PY := $(BIN)/python
export PIP_CONSTRAINT := $(CURDIR)/constraints.txt
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PIP_QUIET := 1
export VIRTUAL_ENV := $(CURDIR)/$(VENV)
# PyO3 looks for an interpreter when cargo runs on its own, too.
export PYO3_PYTHON := $(CURDIR)/$(PY)

RUST := Cargo.toml Cargo.lock $(shell find src -name '*.rs')
CODE := python tests benches examples

.PHONY: help demo test lint bench clean
.DEFAULT_GOAL := help

help: ## Show this list
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 16

demo: $(VENV)/core ## Run the CoreWeave notebook, print its result, render it to HTML
	$(PY) examples/run.py coreweave_2024

test: lint ## Run everything: lints, types, Rust tests, Python tests, doctests, notebook
	cargo test --locked --no-default-features
	$(PY) -m pytest

lint: $(VENV)/test ## Check formatting, lints and types
	cargo fmt --check
	cargo clippy --locked --all-targets -- -D warnings
	cargo clippy --locked --all-targets --no-default-features -- -D warnings
	$(BIN)/ruff format --check $(CODE)
	$(BIN)/ruff check $(CODE)
	$(BIN)/mypy
	$(PY) -m mypy.stubtest --ignore-missing-stub overbuild._core

bench: $(VENV)/bench ## Measure against what one would run instead
	$(PY) -m benches

clean: ## Remove all that these recipes made
	rm -rf $(VENV) build target python/overbuild/_core.*.so python/overbuild/_core.pyd

$(VENV)/base: constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(PY) -m pip install pip maturin
	@touch $@

# The extension in release mode, the package itself in place, and what notebooks need.
$(VENV)/core: $(VENV)/base pyproject.toml $(RUST)
	$(BIN)/maturin develop --release --locked --extras notebook
	@touch $@

$(VENV)/test: $(VENV)/core pyproject.toml constraints.txt
	$(PY) -m pip install --group test
	@touch $@

$(VENV)/bench: $(VENV)/core pyproject.toml constraints.txt
	$(PY) -m pip install --group bench
	@touch $@
