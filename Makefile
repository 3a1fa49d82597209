# People and CI type the same commands. `make help` lists them.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

STRIPS ?= 60
SEED ?= 1
CADENCE_MS ?= 500
PAGE ?= 127.0.0.1:8080
FLIPS ?= 10000
KILLS ?= 1000
FAULTS ?= 100000
FUZZ_S ?= 60
BUNDLE ?= models/bundles/bfs-5x4
BUNDLE_KEYS ?= deploy/keys
EXPERIMENT ?= models/experiments/bfs-5x4.toml

.DEFAULT_GOAL := help
.PHONY: help demo serve hmi test check format proto lock sbom licences audit bundle bench bench-gpu soak fuzz docs clean

help: ## List the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: $(VENV)/.serve ## Run the real server and a simulated machine against it and the page of it (STRIPS= SEED= CADENCE_MS= PAGE=)
	$(BIN)/python -m stripsight_lab.demo --bundle $(BUNDLE) --strips $(STRIPS) --seed $(SEED) --cadence-ms $(CADENCE_MS) --page $(PAGE)

serve: $(VENV)/.serve ## Serve the bundle that ships on 127.0.0.1:50051, metrics on 127.0.0.1:9464
	$(BIN)/stripsight serve --bundle $(BUNDLE) --bundle-keys $(BUNDLE_KEYS) --provider cuda-or-cpu --record-dir out/records --log-format console

hmi: $(VENV)/.serve ## Serve the operator page of it on http://127.0.0.1:8080
	$(BIN)/stripsight hmi

test: $(VENV)/.dev $(VENV)/.system ## Run every test
	$(BIN)/pytest

check: $(VENV)/.dev ## Lint, types, import boundaries, API lint and drift
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/buf lint
	$(BIN)/buf breaking --against proto/released.json
	$(BIN)/python proto/generate.py --check
	$(BIN)/hadolint Dockerfile
	$(BIN)/docker-compose config --quiet

format: $(VENV)/.dev ## Format the code
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

proto: $(VENV)/.dev ## Generate the Python code of the API
	$(BIN)/python proto/generate.py

UV_LOCK = $(BIN)/uv pip compile --quiet --upgrade --python-version 3.11 --python-platform x86_64-manylinux_2_28 \
	--generate-hashes --no-annotate --custom-compile-command 'make lock'

lock: $(VENV)/.dev ## Pin what the image installs, by hash
	$(UV_LOCK) pyproject.toml --output-file deploy/requirements/cpu.txt
	echo 'onnxruntime-gpu[cuda,cudnn]' | $(UV_LOCK) pyproject.toml - --constraint deploy/requirements/cpu.txt --output-file deploy/requirements/cuda.txt
	$(UV_LOCK) pyproject.toml --extra hmi --constraint deploy/requirements/cpu.txt --output-file deploy/requirements/hmi.txt

CYCLONEDX = $(BIN)/cyclonedx-py requirements --pyproject pyproject.toml --output-reproducible

sbom: $(VENV)/.dev ## Write a bill of materials of each image to out/sbom (CycloneDX)
	mkdir -p out/sbom
	for provider in cpu cuda hmi; do $(CYCLONEDX) --output-file out/sbom/$$provider.cdx.json deploy/requirements/$$provider.txt || exit 1; done

licences: $(VENV)/.dev ## List what the images install and its licences in docs/licences.md; after make lock
	$(BIN)/python deploy/licences.py

audit: $(VENV)/.dev ## Look up known vulnerabilities of what the images install
	$(BIN)/pip-audit --strict --require-hashes --disable-pip --requirement deploy/requirements/cuda.txt --requirement deploy/requirements/hmi.txt || { \
		echo "Something was found, or the database could not be asked: then nothing is known. See above."; exit 1; }

bundle: $(VENV)/.dev ## Acquire, train, export, tune, evaluate, qualify and write a bundle to out/bundles (hours; EXPERIMENT=)
	for step in acquire train export tune evaluate qualify; do $(BIN)/stripsight-lab $$step $(EXPERIMENT) || exit 1; done
	$(BIN)/stripsight-lab ship $(EXPERIMENT) --out out/bundles/$(notdir $(basename $(EXPERIMENT)))

bench: STRIPS = 240
bench: $(VENV)/.dev ## Measure the service against the bare graph and a plain service (STRIPS=1200 is the slot run)
	$(BIN)/python tests/bench/bench_slot.py run --bundle $(BUNDLE) --strips $(STRIPS) --cadence-ms $(CADENCE_MS)

soak: STRIPS = 10000
soak: $(VENV)/.dev ## Break the service for hours, hold its clients' history against its record, table what was counted (SEED=)
	$(BIN)/python tests/soak/soak.py flips --count $(FLIPS) --seed $(SEED)
	$(BIN)/python tests/soak/soak.py kills --count $(KILLS) --seed $(SEED)
	$(BIN)/python tests/soak/soak.py overload --bundle $(BUNDLE)
	$(BIN)/python tests/soak/soak.py flat --count $(STRIPS) --seed $(SEED)
	$(BIN)/python tests/soak/soak.py faults --count $(FAULTS) --seed $(SEED)
	$(BIN)/python tests/soak/soak.py table

bench-gpu: $(VENV)/.dev ## Check and time the shipped and the paper's network on a GPU, against what the card can do
	$(BIN)/python tests/bench/bench_gpu.py

fuzz: $(VENV)/.dev ## Fuzz everything that reads outside bytes, guided by coverage (FUZZ_S= for each target)
	$(BIN)/pip install --quiet --group fuzz
	$(BIN)/python tests/soak/fuzz.py run --seconds $(FUZZ_S)

docs: $(VENV)/.dev ## Build the documentation into out/site, as pages that open without a server
	$(BIN)/mkdocs build --quiet

clean: ## Remove everything that the other commands made
	rm -rf $(VENV) out dist build

# The serving install: no torch, no lab dependencies.
$(VENV)/.serve: pyproject.toml models/pyproject.toml
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || { \
		echo "Python's venv module is missing; installing Debian's python3-venv (needs root)"; \
		apt-get update -q && apt-get install -yq --no-install-recommends python3-venv; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --upgrade 'pip>=25.1'
	$(BIN)/pip install --quiet --editable '.[hmi]' --editable models
	@touch $@

$(VENV)/.dev: $(VENV)/.serve
	$(BIN)/pip install --quiet --group dev
	@touch $@

# What the tests run beside Python: Prometheus for metrics and rules, PostgreSQL for the record's copy, systemd's tools for
# the unit, iproute2 for a network that leads nowhere, Chromium for the operator page.
SYSTEM := prometheus postgresql systemd iproute2 gcc libc6-dev chromium
$(VENV)/.system: $(VENV)/.serve
	@dpkg --status $(SYSTEM) >/dev/null 2>&1 || { \
		echo "Installing Debian's $(SYSTEM) (needs root)"; \
		apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -yq --no-install-recommends $(SYSTEM); }
	@touch $@
