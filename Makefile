# The everyday verbs of throng; `make help` lists them. What is missing on the machine is installed first (see
# tools/install-dependencies); the building itself is Meson's and Ninja's (see meson.build).

BUILD ?= build
# MPI=1 builds a throng that mpirun can spread over processes and machines; `make check` does so wherever it can.
MPI ?=
check_mpi = $(or $(MPI),$(shell command -v mpicc))
# More options for `meson setup`, such as MESON_OPTIONS=-Dwerror=true.
MESON_OPTIONS ?=
configured = $(MESON_OPTIONS)$(if $(MPI), -Dmpi=enabled)
configured_check = $(MESON_OPTIONS)$(if $(check_mpi), -Dmpi=enabled)

# Ninja is the one that works in parallel.
.NOTPARALLEL:
.PHONY: build python demo check test bench studies clean format docs install help ci \
    lint lint-includes lint-text lint-format lint-scripts lint-headers lint-symbols lint-docs \
    check-compilers check-sanitizers check-install configure-build configure-check

## build            build/throng and build/libthrong.so (the default)
build: configure-build
	@ninja -C $(BUILD) throng interface.json

## python           build the Python package as a wheel, build/python/throng-*.whl; to install: pip install ./python
python: build
	@BUILD=$(abspath $(BUILD)) tools/build-python

## demo             build, then show what throng does; DATA=file STATE=column for your own data (see tools/demo)
demo: build
	@BUILD=$(BUILD) tools/demo

## check            build everything, run all tests
check: configure-check
	@ninja -C $(BUILD)
	@tools/run-tests $(BUILD)

## test             the same as check
test: check

## bench            run the benchmarks
bench: configure-build
	@ninja -C $(BUILD)
	@meson test -C $(BUILD) --benchmark --verbose

## studies          run the studies at full size and compare their numbers with what is expected; takes minutes
studies: build
	@BUILD=$(BUILD) tools/run-studies --full

## docs             bring the reference pages in docs/ up to date, and build the site, build/site
docs: configure-build
	@ninja -C $(BUILD) pages
	@cp $(BUILD)/docs/*.md docs/
	@tools/install-dependencies docs
	@tools/build-site $(BUILD)/site

## format           lay out all C code with clang-format
format:
	@tools/install-dependencies lint
	@tools/check-format --fix

## install          install into /usr/local, or PREFIX=folder (DESTDIR is honoured)
install: build
	@$(if $(PREFIX),meson configure $(BUILD) -Dprefix=$(abspath $(PREFIX)) && ninja -C $(BUILD) >/dev/null)
	@meson install -C $(BUILD)

## clean            remove what was built, not what was installed or fetched
clean:
	@rm -rf $(BUILD) build-*

## lint             all static checks; each also alone: lint-includes, lint-text, ...
lint: lint-includes lint-text lint-format lint-scripts lint-headers lint-symbols lint-docs

lint-includes:
	@tools/check-includes

lint-text:
	@tools/check-text

lint-format:
	@tools/install-dependencies lint
	@tools/check-format

lint-scripts:
	@tools/install-dependencies lint
	@tools/check-scripts

lint-headers:
	@tools/check-headers

lint-symbols: build
	@tools/check-symbols $(BUILD)

lint-docs: build
	@ninja -C $(BUILD) pages
	@tools/check-docs $(BUILD)
	@tools/check-links

## check-compilers  gcc -O2, gcc -O0, clang -O2: no warnings, and the same bits from the golden tests
## check-sanitizers tests with AddressSanitizer, LeakSanitizer and UndefinedBehaviorSanitizer
check-compilers check-sanitizers:
	@tools/install-dependencies build check ci
	@tools/$@

## check-install    install into a scratch folder and compile the examples against that
check-install: build
	@tools/check-install $(BUILD)

## ci               everything that must hold before a merge
ci:
	@.ci/run

## help             this list
help:
	@echo 'make VERB [BUILD=folder]'
	@sed -n 's/^## /  /p' $(firstword $(MAKEFILE_LIST))

configure-build:
	@tools/install-dependencies build $(if $(MPI),mpi)
	@tools/build-web
	@tools/configure $(BUILD) $(configured)

configure-check:
	@tools/install-dependencies build check $(if $(check_mpi),mpi)
	@tools/build-web
	@tools/configure $(BUILD) -Dtests=enabled $(configured_check)
