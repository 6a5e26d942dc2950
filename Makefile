# Everything a newcomer needs, each in one word. `make` alone says what there is.
# Two stamps inside .venv say what is installed there: .run (what the service needs) and .dev (that and what tests need).

PY ?= python3
UV_VERSION := 0.13.9
VENV := .venv
BIN := $(VENV)/bin
UV := $(BIN)/uv
COMPILE := $(UV) pip compile -q --universal --generate-hashes --no-header --no-annotate --extra parquet pyproject.toml

# The interpreter is the one that PY names: uv shall not fetch another behind its user's back.
export UV_PYTHON_DOWNLOADS := never
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help venv demo demo-kafka stack test lint format bench components lock clean

help:  ## Say what each word does.
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' Makefile

venv: $(VENV)/.dev  ## Build .venv with everything that development needs.

demo: $(VENV)/.run  ## Watch a model break and read the notice its owner gets: no Kafka, no Docker, no account.
	$(BIN)/driftwarden demo

demo-kafka: $(VENV)/.dev  ## The same through a real Apache Kafka broker (needs java and, once, mvn).
	$(BIN)/python -m tests.components.demo_kafka

stack:  ## Kafka, Driftwarden, Prometheus and Grafana in Docker, all on 127.0.0.1.
	deploy/secrets.sh
	docker compose --project-name driftwarden --file deploy/compose.yaml up --build --detach --wait

test: $(VENV)/.dev components  ## Run the whole suite; what is skipped is listed with its reason.
	$(BIN)/python -m pytest -n 2 --dist loadgroup

lint: $(VENV)/.dev  ## Check style, format and types.
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/mypy deploy/grafana

format: $(VENV)/.dev  ## Put the code into its one format.
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(VENV)/.dev  ## Measure throughput, and look at detection at a hundredth of its scale.
	$(BIN)/python -m benchmarks throughput
	$(BIN)/python -m benchmarks detection --share .01

components: $(VENV)/.dev  ## Fetch the real programs that tests run against, into a cache outside this folder.
	$(BIN)/python -m tests.components.fetch

lock: $(UV)  ## Resolve pyproject.toml into both locks; UPGRADE=--upgrade takes newer releases.
	$(COMPILE) $(UPGRADE) --output-file requirements.lock
	$(COMPILE) $(UPGRADE) --constraint requirements.lock --group dev --output-file requirements-dev.lock

clean:  ## Remove what was built here (.venv and caches), nothing else.
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .hypothesis dist build

$(UV):
	@$(PY) -c 'import sys; v = sys.version_info; v >= (3, 11) or sys.exit(f"{sys.executable} is Python {v[0]}.{v[1]}; \
	Driftwarden needs 3.11 or later: make PY=/path/to/python3.11")'
	$(PY) -m venv $(VENV)
	$(BIN)/python -m pip install -q uv==$(UV_VERSION)

# The development lock holds all of the run-time lock, so where it is installed there is nothing left to do.
ifneq ($(wildcard $(VENV)/.dev),)
$(VENV)/.run: $(VENV)/.dev
	@touch $@
else
$(VENV)/.run: requirements.lock pyproject.toml | $(UV)
	@$(call install,requirements.lock)
	@touch $@
endif

$(VENV)/.dev: requirements-dev.lock requirements.lock pyproject.toml | $(UV)
	@$(call install,requirements-dev.lock)
	@touch $@ $(VENV)/.run

# Exactly what the lock says, checked by hash; then this folder itself, as it stands.
install = echo "installing $(1) into $(VENV)" && \
	$(UV) pip sync -q --python $(BIN)/python --require-hashes $(1) && \
	$(UV) pip install -q --python $(BIN)/python --no-deps --editable .
