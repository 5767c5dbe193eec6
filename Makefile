# The targets install everything they need; only Python 3.11+ and make are required.
# What dev-requirements.txt locks is installed, and nothing else; `make lock` renews it.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

DEMO := .demo

.PHONY: audit bench clean crash demo demo-map e2e faults growth lint lock simulate soak test vendor

# The stamp is renewed when the dependencies change.
$(VENV)/.ready: pyproject.toml dev-requirements.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --require-hashes --requirement dev-requirements.txt
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	touch $@

.lock/.ready: Makefile
	$(PYTHON) -m venv .lock
	.lock/bin/python -m pip install --quiet uv==0.13.9
	touch $@

lock: .lock/.ready
	.lock/bin/uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes \
	  --no-header --no-annotate --no-emit-index-url --extra emulator \
	  --group test --group lint --group release pyproject.toml --output-file dev-requirements.txt

$(DEMO)/warehouse/.ready: Makefile
	$(PYTHON) -m venv $(DEMO)/warehouse
	$(DEMO)/warehouse/bin/python -m pip install --quiet 'fakesnow[server]==0.12.1' 'snowflake-connector-python<5'
	touch $@

$(DEMO)/meltano/.installed: Makefile
	$(PYTHON) -m venv $(DEMO)/meltano
	$(DEMO)/meltano/bin/python -m pip install --quiet meltano==4.4.1
	touch $@

$(DEMO)/meltano/.ready: $(DEMO)/meltano/.installed meltano.yml pyproject.toml
	$(DEMO)/meltano/bin/meltano install
	touch $@

# The oldest Meltano that is supported.
$(DEMO)/meltano3/.installed: Makefile
	$(PYTHON) -m venv $(DEMO)/meltano3
	$(DEMO)/meltano3/bin/python -m pip install --quiet meltano==3.9.5
	touch $@

# The results of loads go through target-jsonl into DuckDB, where dbt builds on them.
$(DEMO)/results/.ready: Makefile
	$(PYTHON) -m venv $(DEMO)/results/jsonl
	$(DEMO)/results/jsonl/bin/python -m pip install --quiet target-jsonl==0.1.4
	$(PYTHON) -m venv $(DEMO)/results/dbt
	$(DEMO)/results/dbt/bin/python -m pip install --quiet dbt-core==1.10.23 dbt-duckdb==1.10.1 duckdb==1.4.5
	touch $@

# Makes what it needs by itself, so that all logs of the installation are in one place.
demo:
	@$(PYTHON) demo/run.py $(MAKE_COMMAND)

# The page of `map edit` on the tables of the demo; it ends when the page is closed.
demo-map:
	@$(PYTHON) demo/map.py $(MAKE_COMMAND)

# The library of the page of `map edit`, in the package.
vendor:
	$(PYTHON) tools/vendor.py

# Checks the page for mistakes that shut people out; tests use it if it is there.
.axe/.ready: tools/vendor.py
	$(PYTHON) tools/vendor.py --axe
	mkdir -p .axe
	touch $@

# Most tests wait for processes, so four workers are fine on two cores; at the end, idle ones take over
# the tests of others.
test: $(VENV)/.ready $(DEMO)/meltano/.installed .axe/.ready
	$(BIN)/pytest -n 4 --dist worksteal

crash: $(VENV)/.ready
	$(BIN)/python tests/crash/run.py

faults: $(VENV)/.ready
	$(BIN)/python tests/crash/faults.py

simulate: $(VENV)/.ready
	$(BIN)/python tests/simulation/run.py --histories 100000

soak: $(VENV)/.ready
	$(BIN)/python tests/crash/soak.py

e2e: $(VENV)/.ready $(DEMO)/warehouse/.ready $(DEMO)/meltano/.ready $(DEMO)/meltano3/.installed $(DEMO)/results/.ready
	$(BIN)/python tests/e2e/batches.py
	$(BIN)/python tests/e2e/incremental.py
	$(BIN)/python tests/e2e/meltano.py $(DEMO)/meltano/bin/meltano
	$(BIN)/python tests/e2e/meltano.py $(DEMO)/meltano3/bin/meltano
	$(BIN)/python tests/e2e/results.py $(DEMO)/results

.bench/.ready: Makefile
	$(PYTHON) -m venv .bench
	.bench/bin/python -m pip install --quiet target-jsonl==0.1.4
	touch $@

bench: $(VENV)/.ready .bench/.ready
	$(BIN)/python bench/run.py

growth: $(VENV)/.ready
	$(BIN)/python bench/growth.py

audit: $(VENV)/.ready
	$(BIN)/python tools/audit.py

lint: $(VENV)/.ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python tools/write_settings.py --check
	$(BIN)/python tools/write_report_schema.py --check
	$(BIN)/python tools/write_log_codes.py --check

clean:
	rm -rf $(VENV) $(DEMO) .axe .bench .lock .meltano .mypy_cache .pytest_cache .ruff_cache
