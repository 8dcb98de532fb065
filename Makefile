# Everything a developer or CI does with this checkout. Each target installs what it needs, and nothing when it is there.
SHELL := /bin/sh
.SHELLFLAGS := -eu -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

ARCH := $(if $(filter aarch64,$(shell uname -m)),arm64,x64)
export PATH := $(CURDIR)/node_modules/node-linux-$(ARCH)/bin:$(CURDIR)/node_modules/.bin:$(PATH)

# npm writes this file last and removes it first, so it stands for all packages.
NPM := node_modules/.package-lock.json
# The directories are among the sources: theirs is the time at which a file was removed.
SOURCES := $(shell find src)
IS_ROOT := $(filter 0,$(shell id -u))

.PHONY: help lab lab-down test unit root check fix build manifests image e2e bench fuzz clean need-root

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' Makefile

lab: need-root build packages-lab ## three nodes, pods, a BIRD router and the walk-through, in network namespaces
	@bin/gryphon lab up
	@bin/gryphon lab demo

lab-down: $(NPM) ## removes the lab
	@bin/gryphon lab down

test: check dist/gryphon.mjs $(if $(IS_ROOT),dist/gryphon-cni packages-test) ## everything: types, lint, unit tests with coverage, tests in network namespaces
	@hack/test

unit: $(NPM) ## the tests that need no root
	@vitest run --project unit

root: need-root build packages-test ## the tests that need root, network namespaces or a daemon
	@vitest run --project root

check: $(NPM) ## types, lint, format, in seconds
	@tsc -p .
	@oxlint --type-aware --quiet
	@biome ci --colors=off .

fix: $(NPM) ## formats and sorts imports
	@biome check --write .

build: dist/gryphon.mjs dist/gryphon-cni ## the bundle and the CNI shim, in dist/

manifests: $(NPM) ## writes the CRDs and manifests/install.yaml anew
	@node hack/render-crds.ts
	@node hack/render-manifests.ts

image: build packages-image ## the image of the agent without an engine, dist/gryphon-image.tar (image/README.md)
	@node hack/image/pack.ts dist/gryphon-image.tar

e2e: need-root image packages-e2e ## a real Kubernetes cluster in namespaces (test/e2e/README.md)
	@hack/e2e

bench: need-root build packages-test ## benchmarks against the C floor and other daemons, as ratios
	@hack/bench

fuzz: $(NPM) ## spoilt BGP sessions, 1,000,000 messages of them; MESSAGES=n SEED=n
	@node test/fuzz/fuzz.ts $(or $(MESSAGES),1000000) $(SEED)

clean: ## removes what was built
	rm -rf dist coverage

need-root:
	@$(if $(IS_ROOT),:,echo 'this makes network namespaces and needs root: run it with sudo' >&2; exit 1)

# A worktree may borrow the packages of another checkout by a link; npm would empty them for both.
$(NPM): package-lock.json
	@[ ! -L node_modules ] || { echo 'node_modules is a link: run npm ci where it leads, or remove it' >&2; exit 1; }
	@echo 'installing npm packages (npm ci)'
	@npm ci --loglevel=error --no-progress

dist/gryphon.mjs: hack/bundle.ts package.json $(NPM) $(SOURCES)
	@echo 'building $@'
	@node hack/bundle.ts

dist/gryphon-cni: $(wildcard src/cni/shim/*) hack/build-shim | packages-build
	@echo 'building $@'
	@hack/build-shim

# Debian packages by purpose; hack/packages lists what is missing before it installs, and keeps daemons from starting.
.PHONY: packages-build packages-lab packages-test packages-image packages-e2e
packages-build:
	@hack/packages gcc musl-tools
packages-image: packages-build
	@hack/packages $$(cat image/packages) containernetworking-plugins
packages-lab: packages-build
	@hack/packages iproute2 iptables ipset bird2 iputils-ping arping procps curl
packages-test: packages-lab
	@hack/packages containerd containernetworking-plugins podman tcpdump conntrack fping frr gobgpd openbgpd exabgp
packages-e2e: packages-lab
	@hack/packages containerd fping nftables openssl
