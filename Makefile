# Everything a developer or CI does with this checkout. Each target installs what it needs, and nothing when it is there.
SHELL := /bin/sh
.SHELLFLAGS := -eu -c
.DEFAULT_GOAL := help

ARCH := $(if $(filter aarch64,$(shell uname -m)),arm64,x64)
export PATH := $(CURDIR)/node_modules/node-linux-$(ARCH)/bin:$(CURDIR)/node_modules/.bin:$(PATH)

.PHONY: help lab lab-down test unit root check fix build bench clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' Makefile

lab: .stamp/npm .stamp/shim | packages-lab ## three nodes, pods, a BIRD router and the walk-through, in network namespaces
	@bin/gryphon lab up
	@bin/gryphon lab demo

lab-down: .stamp/npm ## removes the lab
	@bin/gryphon lab down

test: check build | packages-test ## everything: types, lint, unit tests with coverage, tests in network namespaces
	@hack/test

unit: .stamp/npm ## the tests that need no root
	@vitest run --project unit

root: .stamp/npm .stamp/shim | packages-test ## the tests that need root, network namespaces or a daemon
	@vitest run --project root

check: .stamp/npm ## types, lint, format, in seconds
	@tsc -p .
	@oxlint --type-aware --quiet
	@biome ci --reporter=summary . 2>&1 | tail -n 20

fix: .stamp/npm ## formats and sorts imports
	@biome check --write .

build: .stamp/npm .stamp/shim ## the bundle and the CNI shim, in dist/
	@node hack/bundle.ts

bench: .stamp/npm .stamp/shim | packages-test ## benchmarks against the C floor and other daemons, as ratios
	@hack/bench

clean: ## removes what was built
	rm -rf dist coverage .stamp

.stamp/npm: package-lock.json
	@echo 'installing npm packages (npm ci)'
	@npm ci --loglevel=error --no-progress
	@mkdir -p .stamp && touch $@

.stamp/shim: src/cni/shim/shim.c hack/build-shim | packages-build
	@hack/build-shim
	@mkdir -p .stamp && touch $@

# Debian packages by purpose; hack/packages lists what is missing before it installs, and keeps daemons from starting.
.PHONY: packages-build packages-lab packages-test
packages-build:
	@hack/packages gcc make musl-tools
packages-lab: packages-build
	@hack/packages iproute2 iptables ipset bird2 iputils-ping arping procps curl
packages-test: packages-lab
	@hack/packages containerd tcpdump conntrack
