# Two commands do all the set-up on a fresh machine: make run, make test.
SHELL := bash
DIR ?=

.PHONY: run test soak bench lint build clean packages

run: packages              ## install what is missing, build, run the worked examples, verify them, serve one to try out
	swift build -c release --product privity
	@dir="$(DIR)"; dir="$${dir:-$$(mktemp -d /tmp/privity.XXXXXX)/data}"; privity="$$(swift build -c release --show-bin-path)/privity"; \
	scripts/run-example.sh "$$privity" "$$dir" && scripts/run-service.sh "$$privity" "$$dir"

test: packages             ## install what is missing, build, run every test
	scripts/install-packages.sh test
	scripts/install-peers.sh
	PRIVITY_OPTIMIZE=1 swift build --build-tests --explicit-target-dependency-import-check error
	PRIVITY_OPTIMIZE=1 swift test --skip-build --parallel

soak: packages             ## the long versions: random interleavings and kills
	scripts/install-packages.sh test
	scripts/install-peers.sh
	PRIVITY_OPTIMIZE=1 swift build --build-tests
	PRIVITY_OPTIMIZE=1 PRIVITY_SOAK=1 swift test --skip-build --filter 'Interleaving|Kill|Assignment'

bench: packages            ## measure, beside the limits
	PRIVITY_BENCH=1 swift run -c release --scratch-path .build-bench privity-bench

lint:                      ## format and requirements
	swift format lint --strict --recursive Sources Tests Benchmarks Package.swift
	scripts/check-requirements.py

packages:
	scripts/install-packages.sh build

clean:
	rm -rf .build .build-*
