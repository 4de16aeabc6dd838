# Two commands do all the set-up on a fresh machine: make run, make test.
SHELL := bash
DIR ?=
TARGET ?= ReleaseWorkflowTests
SECONDS ?= 600

.PHONY: help run test quick soak races bench lint format build clean packages fuzz

help:                      ## say what can be made here
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/\1\t\2/' | expand -t 10

run: packages              ## install what is missing, build, run the worked examples, verify them, serve one to try out
	swift build -c release --product privity
	@dir="$(DIR)"; dir="$${dir:-$$(mktemp -d /tmp/privity.XXXXXX)/data}"; privity="$$(swift build -c release --show-bin-path)/privity"; \
	scripts/run-example.sh "$$privity" "$$dir" && scripts/run-service.sh "$$privity" "$$dir"

test: packages             ## install what is missing, build, run every test
	scripts/install-packages.sh test
	scripts/install-peers.sh
	PRIVITY_OPTIMIZE=1 swift build --build-tests --explicit-target-dependency-import-check error
	PRIVITY_OPTIMIZE=1 swift test --skip-build --parallel

quick: packages            ## build and run one target's tests without peers or browsers: make quick TARGET=ReleaseServiceTests
	PRIVITY_OPTIMIZE=1 swift test --filter '^$(TARGET)\.'

soak: packages             ## the long versions: random interleavings and kills, a line for each part as it ends
	scripts/install-packages.sh test
	scripts/install-peers.sh
	PRIVITY_OPTIMIZE=1 swift build --build-tests
	PRIVITY_OPTIMIZE=1 PRIVITY_SOAK=1 stdbuf -oL -eL swift test --skip-build --filter 'Interleaving|Kill|Assignment|SameEitherWay|LeavesTests|LanguageTests|DeclineTests'
	scripts/policy-mutants

races: packages            ## the service's tests under the thread sanitizer
	scripts/install-packages.sh test
	swift build --build-tests --sanitize=thread --scratch-path .build-races
	TSAN_OPTIONS="suppressions=$(CURDIR)/scripts/thread-sanitizer.txt halt_on_error=1 exitcode=66" \
	    swift test --sanitize=thread --scratch-path .build-races --skip-build --filter '^ReleaseServiceTests\.' --skip MemoryTests

fuzz: packages             ## every parser of strangers' bytes under libFuzzer, ten minutes each: make fuzz SECONDS=60
	scripts/fuzz.sh $(SECONDS)

bench: packages            ## measure, beside the limits
	scripts/install-packages.sh bench
	PRIVITY_BENCH=1 swift run -c release --scratch-path .build-bench privity-bench

lint:                      ## format, requirements, circles between folders, sizes
	swift format lint --strict --recursive Sources Tests Benchmarks Fuzz Package.swift
	scripts/check-requirements.py
	scripts/check-folders.py
	scripts/check-sizes.py

format:                    ## lay the sources out as lint wants them
	swift format --in-place --recursive Sources Tests Benchmarks Fuzz Package.swift

build:                     ## build the program alone
	swift build -c release --product privity

packages:
	scripts/install-packages.sh build

clean:                     ## forget everything that was built
	rm -rf .build .build-*
