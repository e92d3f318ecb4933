# Each thing a person does with this checkout is one command here; CI runs the same ones.
# `make` lists them. Set-up is done once and again where a lock file changes.

.NOTPARALLEL:
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

PYTHON_PATHS := client/python/pannier server/pannier_server tests bench tools
RUNTIME := .venv/.runtime
VENV := .venv/.ready
BUF := tools/node_modules/@bufbuild/buf/bin/buf
GHZ := .cache/bin/ghz
H2SPEC := .cache/bin/h2spec
INTEROP_CLIENT := .cache/bin/grpc-interop-client
GRPC_GO_ECHO := .cache/bin/grpc-go-echo
FIXED_RESPONDER := .cache/bin/fixed-responder
LINEARIZABILITY_CHECKER := .cache/bin/linearizability-checker
PLOTTING := .venv/.plotting
AUDITING := .cache/audit/.ready
BUNDLING := .cache/bundle/.ready
DEPLOYING := .cache/deploy/.ready
COMPOSE_SPEC := .cache/bin/compose-spec
DOCUMENTING := .cache/docs/.ready

.PHONY: help
help: ## List the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' Makefile

.PHONY: serve
serve: $(RUNTIME) ## Run the sidecar (ARGS='--store memory:' sets its flags)
	@exec .venv/bin/pannier serve $(ARGS)

.PHONY: dynamodb
dynamodb: $(RUNTIME) ## Run DynamoDB Local on 127.0.0.1:8000 (ARGS='--port 8001': there)
	@exec .venv/bin/python -m tests.engines $(ARGS)

.PHONY: test
test: $(VENV) ## Run the tests (ARGS='-k name' chooses some)
	@.venv/bin/python -m tests $(ARGS)

.PHONY: conformance
conformance: $(VENV) ## Run the scenarios of the clients (ARGS='--language go --store dynamodb')
	@.venv/bin/python -m tests.conformance $(ARGS)

.PHONY: lint
lint: $(VENV) $(BUF) ## Check style, types, import rules, the contract, the Dockerfile
	@.venv/bin/ruff check --quiet .
	@.venv/bin/ruff format --quiet --check .
	@.venv/bin/mypy --no-error-summary $(PYTHON_PATHS)
	@report=$$(.venv/bin/lint-imports --no-logo) || { echo "$$report"; exit 1; }
	@$(BUF) lint
	@$(BUF) format --diff --exit-code
	@$(BUF) breaking --against protos/baseline.binpb
	@.venv/bin/hadolint Dockerfile
	@.venv/bin/python -m tests.clients lint
	@echo 'lint: clean'

.PHONY: format
format: $(VENV) $(BUF) ## Format the code and the contract
	@.venv/bin/ruff check --quiet --fix-only .
	@.venv/bin/ruff format .
	@$(BUF) format --write
	@.venv/bin/python -m tests.clients format

.PHONY: proto
proto: $(VENV) $(BUF) ## Generate the code from the contract again
	@$(BUF) generate
	@.venv/bin/python -m tests.clients generate

.PHONY: proto-check
proto-check: $(VENV) $(BUF) ## Fail where the generated code is not what the contract gives
	@.venv/bin/python tools/check_generated.py $(BUF)
	@echo 'proto-check: the generated code is what the contract gives'

.PHONY: docs
docs: $(VENV) $(DOCUMENTING) ## Write the reference, and build the documentation as a site in dist/site
	@.venv/bin/python -m tools.reference
	@.venv/bin/python -m tools.site $(dir $(DOCUMENTING))bin/zensical

.PHONY: load
load: $(VENV) $(GHZ) ## Measure each RPC with ghz on DynamoDB Local (ARGS=--quick: briefly)
	@.venv/bin/python -m bench.load $(ARGS)

.PHONY: bench
bench: $(PLOTTING) $(GHZ) $(GRPC_GO_ECHO) $(FIXED_RESPONDER) ## Compare with others, for docs/performance.md (ARGS=--quick: briefly)
	@.venv/bin/python -m bench.comparison $(ARGS)

.PHONY: attack
attack: $(VENV) ## Attack the sidecar and measure another client (ARGS='--seconds 3 --only ping_flood')
	@.venv/bin/python -m bench.attacks $(ARGS)

.PHONY: drill
drill: $(VENV) $(LINEARIZABILITY_CHECKER) ## Inject every fault, check all answers, for docs/reliability.md (8 minutes)
	@.venv/bin/python -m tests.linearizability $(ARGS)

.PHONY: overload
overload: $(VENV) ## Offer ten times what a table takes, for docs/overload.md (ARGS='--only h2')
	@.venv/bin/python -m bench.overload $(ARGS)

.PHONY: soak
soak: $(VENV) ## Run at half capacity with faults for half an hour, for docs/reliability.md (ARGS='--minutes 5')
	@.venv/bin/python -m tests.soak $(ARGS)

.PHONY: fuzz
fuzz: $(VENV) ## Send hostile requests, rows and bytes to sidecars (ARGS='--seconds 3600')
	@.venv/bin/python -m tests.fuzz $(ARGS)

.PHONY: ci
ci: lint proto-check $(GHZ) ## Run the longer checks, 70 minutes at most
	@.venv/bin/python -m bench.load --quick
	@$(MAKE) --no-print-directory bench ARGS=--quick
	@tools/install_debian_tools.sh
	@.venv/bin/python -m pytest -m slow

.PHONY: image
image: ## Build the image with docker, podman or buildah (IMAGE=name, ARGS for the build)
	@tools/build_image.sh $(ARGS)

.PHONY: layer
layer: $(BUNDLING) ## Build the sidecar with its own Python, and the layer for Lambda, into dist
	@.cache/bundle/bin/python -m tools.bundle

.PHONY: cold-start
cold-start: $(VENV) layer $(FIXED_RESPONDER) ## Measure how the layer starts, for docs/lambda.md (ARGS='--rounds 5')
	@.venv/bin/python -m bench.cold_start $(ARGS)

.PHONY: sbom
sbom: $(AUDITING) ## Write the bill of materials of the sidecar into dist (CycloneDX)
	@mkdir -p dist
	@sed -n 's/^version = "\(.*\)"/pannier==\1/p' client/python/pyproject.toml | \
		awk '/^[a-z]/ { is_new = !seen[$$1]++ } is_new' requirements/runtime.txt requirements/otel.txt - | \
		.cache/audit/bin/python -W ignore::UserWarning -m cyclonedx_py requirements \
		--pyproject server/pyproject.toml --output-reproducible --spec-version 1.6 \
		--output-format JSON --output-file dist/pannier-server.cdx.json -
	@echo 'sbom: dist/pannier-server.cdx.json'

.PHONY: audit
audit: $(AUDITING) ## Ask for known vulnerabilities of what is shipped (ARGS=requirements/dev.txt: of that)
	@.cache/audit/bin/python tools/audit.py $(or $(ARGS),requirements/runtime.txt requirements/otel.txt requirements/build.txt)

.PHONY: lock
lock: $(VENV) ## Write the lock files anew (ARGS=--upgrade: with newer versions)
	@tools/lock.sh $(ARGS)

.PHONY: clean
clean: ## Remove everything that was set up, built or cached
	rm -rf .venv .cache build dist tools/node_modules client/typescript/node_modules \
		client/typescript/dist client/typescript/build client/java/target \
		.mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache

# Set-up. The first stamp of .venv holds the checkout's path, because an environment does not
# survive being moved or copied: its commands would run the code of the old place.
ifneq ($(shell cat .venv/.runtime 2>/dev/null),$(CURDIR))
.PHONY: $(RUNTIME)
endif
$(RUNTIME): requirements/runtime.txt requirements/build.txt client/python/pyproject.toml server/pyproject.toml
	@tools/setup_venv.sh

# Who only runs the sidecar needs nothing of what checks and tests it.
$(VENV): $(RUNTIME) requirements/dev.txt
	@echo 'Setting up what checks and tests it, once (a minute or two)'
	@.venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	@touch $@

# What draws plots is large, and nothing else needs it.
$(PLOTTING): $(VENV) requirements/bench.txt
	@echo 'Setting up what draws plots, once'
	@.venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/bench.txt
	@touch $@

# What looks into packages changes none of them: it has an environment of its own.
$(AUDITING): $(RUNTIME) requirements/audit.txt
	@echo 'Setting up what looks into packages, once'
	@.venv/bin/python -m venv --clear $(@D)
	@$(@D)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/audit.txt
	@touch $@

# What builds the site has an environment of its own: nothing else needs it.
$(DOCUMENTING): $(RUNTIME) requirements/docs.txt
	@echo 'Setting up what builds the site, once'
	@.venv/bin/python -m venv --clear $(@D)
	@$(@D)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/docs.txt
	@touch $@

# What checks the files in deploy/ has an environment of its own too.
$(DEPLOYING): $(RUNTIME) requirements/deploy.txt
	@echo 'Setting up what checks deploy/, once'
	@.venv/bin/python -m venv --clear $(@D)
	@$(@D)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/deploy.txt
	@touch $@

# What puts the layer together looks into its environment, which so has nothing else.
$(BUNDLING): $(RUNTIME) requirements/bundle.txt requirements/runtime.txt
	@echo 'Setting up what builds the layer, once'
	@.venv/bin/python -m venv --clear $(@D)
	@$(@D)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes \
		-r requirements/runtime.txt -r requirements/bundle.txt
	@touch $@

# Not `npm ci`: it insists on entries for all platforms, and some registries lack a few of
# buf's. Scripts are not run: buf comes as a ready binary inside a package.
$(BUF): tools/package.json tools/package-lock.json
	@command -v npm >/dev/null || { echo 'buf comes from npm: install Node.js with npm' >&2; exit 1; }
	@npm --prefix tools install --no-save --ignore-scripts --no-audit --no-fund --loglevel=error >/dev/null
	@$@ --version >/dev/null
	@touch $@

$(GHZ): tools/go/go.mod tools/go/go.sum
	@command -v go >/dev/null || { echo 'ghz is built with Go: install Go 1.24 or newer' >&2; exit 1; }
	@echo 'Building ghz, once (about a minute)'
	@go -C tools/go build -mod=readonly -trimpath -o ../../$@ github.com/bojand/ghz/cmd/ghz

$(COMPOSE_SPEC): tools/compose/go.mod tools/compose/go.sum
	@command -v go >/dev/null || { echo 'compose-spec is built with Go: install Go 1.24 or newer' >&2; exit 1; }
	@echo 'Building compose-spec, once'
	@go -C tools/compose build -mod=readonly -trimpath -o ../../$@ github.com/compose-spec/compose-go/v2/cmd

# Programs of others that speak HTTP/2 or gRPC with ours. The tests build them when one first
# needs them, through these rules.
$(H2SPEC): PACKAGE := github.com/summerwind/h2spec/cmd/h2spec
$(INTEROP_CLIENT): PACKAGE := google.golang.org/grpc/interop/client
$(GRPC_GO_ECHO): PACKAGE := ./echo
$(GRPC_GO_ECHO): $(wildcard tools/peers/echo/*.go)
$(FIXED_RESPONDER): PACKAGE := ./responder
$(FIXED_RESPONDER): $(wildcard tools/peers/responder/*.go)
$(LINEARIZABILITY_CHECKER): PACKAGE := ./linearizability
$(LINEARIZABILITY_CHECKER): $(wildcard tools/peers/linearizability/*.go)
$(H2SPEC) $(INTEROP_CLIENT) $(GRPC_GO_ECHO) $(FIXED_RESPONDER) $(LINEARIZABILITY_CHECKER): tools/peers/go.mod tools/peers/go.sum
	@command -v go >/dev/null || { echo '$(@F) is built with Go: install Go 1.24 or newer' >&2; exit 1; }
	@echo 'Building $(@F), once'
	@go -C tools/peers build -mod=readonly -trimpath -o ../../$@ $(PACKAGE)
