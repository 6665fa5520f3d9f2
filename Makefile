# make run, make page, make release, make migrate FROM=folder, make check, make docs, make screenshots, make bench,
# make test, make test-all, make test-again, make test-stock, make test-dynoxide, make test-production, make coverage.
# Everything is made in this folder; nothing needs root.

PYTHON ?= python3
HOST ?= 127.0.0.1
PORT ?= 8000
VENV := .venv
PRODUCTION := .venv-production
BIN := $(VENV)/bin
NPM := $(shell command -v npm 2>/dev/null)
# Node's packages of the tests, when npm is there.
NODE_MODULES := $(if $(NPM),$(patsubst %/package-lock.json,%/node_modules/.package-lock.json,$(wildcard web/package-lock.json tests/clients/package-lock.json)))
# The page needs Node 20.19, 22.12 or newer to be built. Where there is none, PyPI's package brings one, into a folder of its own.
NODE_FITS := $(if $(NPM),$(shell node -e 'const [major, minor] = process.versions.node.split(".").map(Number); \
	console.log(major > 22 || (major === 22 && minor >= 12) || (major === 20 && minor >= 19) ? "yes" : "")' 2>/dev/null))
NODE_VENV := .venv-node
WITH_NODE := $(if $(NODE_FITS),,PATH="$(CURDIR)/$(NODE_VENV)/bin:$$PATH")
PAGE := web/dist/index.html
PAGE_SOURCES := $(wildcard web/*.html web/*.js web/*.svg web/*.json web/build/*.js web/sync/*.js web/sync/src/*.js web/sync/src/*/*.js web/page/*.* web/page/*/*.*)
PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet --quiet
# Half of the suite waits, so that two processors serve four. In the order of the folders the files that take
# longest begin early; xdist's own order ends with them, as they have few tests.
AT_ONCE := --numprocesses=4 --dist=loadfile --no-loadscope-reorder
PYTEST := $(BIN)/python -m pytest $(AT_ONCE) --durations=15

.PHONY: run page release migrate test test-all coverage test-again test-stock test-production test-dynoxide check docs bench screenshots clean
.DEFAULT_GOAL := run
.DELETE_ON_ERROR:

run: $(VENV)/.runtime .env $(PAGE)
	@$(BIN)/python -c "from models import DynamoDBDatabase; DynamoDBDatabase().create_tables()"
	@echo "http://$(HOST):$(PORT)  (Ctrl-C: 종료 / end)"
	@exec $(BIN)/gunicorn --worker-class eventlet -w 1 app:app --bind $(HOST):$(PORT)

# The calendar page, in web/dist. It is built once, and again when its sources have changed.
page: $(PAGE)

# team-calendar-<version>.zip: all that a server needs, the page built. For Elastic Beanstalk, EC2 and Windows.
release: $(PAGE)
	@$(PYTHON) deploy/release.py

migrate: $(VENV)/.runtime .env
	@test -n "$(FROM)" || { echo "make migrate FROM=folder"; exit 2; }
	@$(BIN)/python -c "from models import DynamoDBDatabase; DynamoDBDatabase().create_tables()"
	@$(BIN)/python migrate_to_dynamodb.py --data-dir "$(FROM)"

test: $(VENV)/.development $(NODE_MODULES) $(PAGE)
	$(PYTEST) -m "not slow"

test-all: $(VENV)/.development $(NODE_MODULES) $(PAGE)
	$(PYTEST)

# `make test` with its coverage, which takes more than twice as long.
coverage: $(VENV)/.development $(NODE_MODULES) $(PAGE)
	$(PYTEST) --cov --cov-branch --cov-fail-under=95 -m "not slow"

# What has just failed once more, nothing beside it: CI's answer to machines that are busy with something else. A
# failure of the convergence tests is a finding at the first time, and where no test has failed there is none to try.
test-again:
	@! grep tests/convergence .pytest_cache/v/cache/lastfailed
	$(BIN)/python -m pytest --last-failed --last-failed-no-failures=none -m "not slow"

# The server as requirements.txt alone installs it: the newest botocore, no ministack. `make clean` first to
# have the newest ones of today.
test-production: $(VENV)/.development $(PRODUCTION)/.installed
	$(BIN)/python -m tests.production $(PRODUCTION)/bin/python

# The storage's contract, REST and sync on dynoxide, a stricter DynamoDB (docs/develop/testing.md). npm's
# package `dynoxide` would only choose one of these.
DYNOXIDE_VERSION := 1.2.1
DYNOXIDE := .dynoxide/$(DYNOXIDE_VERSION)/node_modules/@dynoxide
$(DYNOXIDE):
	npm install --prefix .dynoxide/$(DYNOXIDE_VERSION) --no-audit --no-fund --ignore-scripts --loglevel=error \
		@dynoxide/$$(node -p 'process.platform + "-" + process.arch')@$(DYNOXIDE_VERSION)

test-dynoxide: $(VENV)/.development $(DYNOXIDE)
	export TEAMCAL_DYNOXIDE=$$(ls -d $$PWD/$(DYNOXIDE)/*/dynoxide*) && \
	$(BIN)/python -m pytest --numprocesses=3 tests/storage/test_contract.py tests/localdynamo/test_strictness.py -k dynoxide && \
	$(BIN)/python -m tests.storage.dynoxide $(BIN)/python -m pytest --numprocesses=3 --dist=loadfile -m "not slow" \
		tests/rest tests/sync tests/storage/test_faults.py

# What real servers broadcast once more, by Socket.IO's own way. Test clients inside the process get it that
# way in every run.
test-stock: $(VENV)/.development $(NODE_MODULES) $(PAGE)
	DIRECT_BROADCAST=off $(BIN)/python -m pytest $(AT_ONCE) -m "not slow" $(addprefix tests/, \
		convergence/test_convergence.py realtime/test_limits.py sync/test_two_servers.py \
		$(addprefix realtime/workers/test_, clients.py mixed_members.py send_away.py slow_readers.py))

check: $(VENV)/.development
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# The documentation as a site, in site/. A link or an anchor that leads nowhere fails it.
docs: $(VENV)/.docs
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

# Pictures of all screens of the page, in docs/screenshots.
screenshots: $(VENV)/.development $(NODE_MODULES) $(PAGE)
	$(BIN)/python -m tests.screenshots docs/screenshots

# BENCH="--only rest --runs 3"; --quick only tries it out.
bench: $(VENV)/.runtime
	$(BIN)/python -m benchmarks $(BENCH)

clean:
	rm -rf $(VENV) $(PRODUCTION) $(NODE_VENV) .dynoxide .bench site web/dist web/node_modules tests/clients/node_modules .coverage .coverage.* .*_cache

# An .env that is there stays as it is.
.env: | $(VENV)/.runtime
	@$(BIN)/python -c "import pathlib, re, secrets; \
	text = pathlib.Path('.env.example').read_text('utf-8'); \
	text = re.sub(r'(?m)^SECRET_KEY=.*', 'SECRET_KEY=' + secrets.token_hex(32), text); \
	text = re.sub(r'(?m)^DYNAMODB_ENDPOINT_URL=.*', 'DYNAMODB_ENDPOINT_URL=embedded', text); \
	file = pathlib.Path('.env'); file.touch(0o600); file.write_text(text, 'utf-8')"
	@echo "made .env"

$(BIN)/python:
	@$(PYTHON) -c "import sys; sys.exit(sys.version_info < (3, 11))" || { echo "Python 3.11 or newer is needed: make PYTHON=python3.11 …"; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.runtime: requirements.txt requirements-embedded.txt | $(BIN)/python
	@echo "패키지를 설치합니다. 1~2분 걸립니다. / installing packages: one or two minutes"
	$(PIP) -r requirements.txt -r requirements-embedded.txt
	@touch $@

$(VENV)/.docs: requirements-docs.txt | $(BIN)/python
	$(PIP) -r requirements-docs.txt
	@touch $@

$(VENV)/.development: requirements-dev.txt requirements-docs.txt $(VENV)/.runtime
	$(PIP) -r requirements-dev.txt
	@touch $@

$(PRODUCTION)/.installed: requirements.txt
	$(PYTHON) -m venv $(PRODUCTION)
	$(PRODUCTION)/bin/python -m pip --disable-pip-version-check install --quiet --quiet -r requirements.txt
	@touch $@

%/node_modules/.package-lock.json: %/package.json %/package-lock.json | $(if $(NODE_FITS),,$(NODE_VENV)/.installed)
	cd $* && $(WITH_NODE) npm ci --no-audit --no-fund --loglevel=error
	@touch $@

# In a release the page is there already, and its packages aren't needed.
$(PAGE): $(PAGE_SOURCES)
	@$(MAKE) --no-print-directory web/node_modules/.package-lock.json
	@echo "페이지를 만듭니다. / building the page"
	@cd web && $(WITH_NODE) npm run --silent build -- --logLevel=warn
	@touch $@

$(NODE_VENV)/.installed: requirements-page.txt
	@echo "Node를 설치합니다. / installing Node"
	@$(PYTHON) -m venv $(NODE_VENV)
	@$(NODE_VENV)/bin/python -m pip --disable-pip-version-check install --quiet --quiet -r requirements-page.txt
	@touch $@
