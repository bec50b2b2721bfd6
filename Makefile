# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Three commands, each complete on a fresh machine: make demo, make test, make test-all. The others are their parts: make help.
SHELL := /bin/bash
PY ?= python3
LAB := tests/lab/labctl

.PHONY: help demo test test-all browser prepared lint unit floor newest days sanity sanity-all ansible-test-units build docs lab molecule bench bench-hostile kills conformance fuzz lab-setup clean

help:
	@echo 'make demo      a depot, a vCenter and two OME appliances that are refused become ones that are accepted'
	@echo 'make test      what a change must pass, about an hour on 2 cores'
	@echo 'make test-all  everything: examples one by one, every Molecule scenario, the roles on the oldest core too'
	@echo 'their parts:   make lint unit floor newest days sanity build docs lab molecule'
	@echo 'make sanity-all   ansible-test sanity on every supported ansible-core; make ansible-test-units   unit tests by ansible-test'
	@echo 'one of a part: make lab-pins, make molecule-rollback'
	@echo 'make bench     our figures beside those of the peers, in one run'
	@echo 'make bench-hostile   CPU time for a megabyte of the worst input of each parser'
	@echo 'make kills ROLE=hosts_mapping COUNT=100 SEED=1   kill runs at random moments; one more run must finish or restore each of them'
	@echo 'make kills MODULE=cert_issue COUNT=100 SEED=1    the same for a module; MODULE=all for every one that changes something'
	@echo 'make fuzz SECONDS=60   every parser of bytes from outside, with atheris; TARGETS="hosts ome" only these'
	@echo 'make conformance VECTORS=FOLDER   cases that other projects wrote, each disagreement with its reason'
	@echo 'make new-rule CODE=NAME-EXAMPLE, make new-profile NAME=my_client   start one, with its failing test'
	@echo 'make findings  write docs/findings.md from the rules and the catalogue of codes'
	@echo 'make variables write the tables of variables into the guides, from playbooks/variables'
	@echo 'make reliability  write the table of docs/reliability.md from the marks of the tests'
	@echo 'make browser   install Chromium and axe-core, with which the tests look at the report of a run'
	@echo 'make clean     remove what these commands made here'

demo: .venv/.made lab-setup
	@$(LAB) enter -- $(CURDIR)/.venv/bin/python tests/lab/demo.py

test:
	@$(MAKE) --no-print-directory --jobs=2 prepared
	@.venv/bin/python tools/checks.py

test-all:
	@$(MAKE) --no-print-directory --jobs=2 prepared browser
	@.venv/bin/python tools/checks.py --all

# Chromium and axe-core, for the tests of the report; without them these tests are skipped.
browser: .browser/.made
.browser/.made: tools/browser.sh
	@tools/browser.sh $@

# the unit tests use the modules of awx.awx, and the programs ansible-rulebook, ansible-runner and ansible-builder, of more environments
prepared: .venv/.made .venv-lint/.made .venv-floor/.made .venv-bench/.made .venv-eda/.made lab-setup
unit: .venv-bench/.made .venv-eda/.made

lint unit floor newest days sanity ansible-test-units build docs: .venv/.made .venv-lint/.made .venv-floor/.made
	@.venv/bin/python tools/checks.py $@

sanity-all: .venv/.made .venv-floor/.made
	@.venv/bin/python tools/checks.py sanity cores

lab molecule: .venv/.made .venv-floor/.made lab-setup
	@.venv/bin/python tools/checks.py $@

lab-% molecule-%: .venv/.made .venv-floor/.made lab-setup
	@.venv/bin/python tools/checks.py $@

bench: .venv/.made .venv-bench/.made lab-setup
	@$(LAB) enter -- $(CURDIR)/.venv/bin/python tests/bench/bench.py

bench-hostile: .venv/.made
	@.venv/bin/python tools/stage.py >/dev/null
	@cd .tree/ansible_collections/certmend/tls && PYTHONPATH=$(CURDIR)/.tree PYTHONDONTWRITEBYTECODE=1 $(CURDIR)/.venv/bin/python tests/bench/hostile.py

COUNT ?= 100
# Roles are killed in the lab. Modules need no lab; MODULE=all is all of them.
KILLS = $(if $(MODULE),tests/kills/run.py,tests/lab/labctl enter -- $(CURDIR)/.venv/bin/python tests/lab/kills.py)
kills: .venv/.made $(if $(MODULE),,lab-setup)
	@.venv/bin/python tools/stage.py >/dev/null
	@cd .tree/ansible_collections/certmend/tls && PYTHONPATH=$(CURDIR)/.tree PYTHONDONTWRITEBYTECODE=1 LC_ALL=C.UTF-8 \
		$(CURDIR)/.venv/bin/python $(KILLS) --count $(COUNT) $(if $(SEED),--seed $(SEED)) \
		$(if $(ROLE),--role $(ROLE)) $(if $(filter-out all,$(MODULE)),--module $(MODULE))

conformance: .venv/.made
	@.venv/bin/python tools/conformance.py $(VECTORS)

SECONDS ?= 60
fuzz: .venv-fuzz/.made
	@.venv-fuzz/bin/python tools/stage.py >/dev/null
	@PYTHONPATH=$(CURDIR)/.tree .venv-fuzz/bin/python tests/fuzz/run.py $(SECONDS) $(TARGETS)

lab-setup: .venv/.made
	@.venv/bin/python $(LAB) setup

# A rule or a profile, from its failing test on: docs/contributing.md.
.PHONY: new-rule new-profile rule-tests findings reliability variables
new-rule:
	@$(PY) tools/new_rule.py '$(CODE)' $(SUBJECT)

new-profile:
	@$(PY) tools/new_profile.py '$(NAME)'

rule-tests: .venv/.made
	@.venv/bin/python tools/stage.py >/dev/null
	@cd .tree/ansible_collections/certmend/tls && PYTHONPATH=$(CURDIR)/.tree PYTHONDONTWRITEBYTECODE=1 \
		$(CURDIR)/.venv/bin/python -m pytest tests/unit/plugins/module_utils/x509/rules $(if $(K),-k '$(K)')

findings: .venv/.made
	@.venv/bin/python tools/stage.py >/dev/null
	@PYTHONPATH=.tree .venv/bin/python tools/findings_md.py > .tree/findings.md
	@cp .tree/findings.md docs/findings.md

variables: .venv/.made
	@.venv/bin/python tools/variables_md.py

reliability:
	@$(PY) tools/reliability_md.py > .reliability.md && mv .reliability.md docs/reliability.md

# One environment each: what the collection runs and is tested with, what looks at it, and the oldest that it is for.
.venv/.made: requirements/run.txt requirements/test.txt
.venv-lint/.made: requirements/lint.txt
.venv-floor/.made: requirements/floor.txt
# The checks make these, each with a Python that its ansible-core supports (tools/environments.py).
.venv-newest/.made: requirements/newest.txt requirements/test.txt
.venv-core-2.17/.made: requirements/core-2.17.txt
.venv-core-2.18/.made: requirements/core-2.18.txt
.venv-core-2.20/.made: requirements/core-2.20.txt
.venv-newest/.made .venv-core-2.17/.made .venv-core-2.18/.made .venv-core-2.20/.made: tools/venv.sh
	@PY=$(PY) tools/venv.sh $@ $(filter requirements/%,$^)

.venv-bench/.made: requirements/bench.txt
.venv-eda/.made: requirements/eda.txt
.venv-fuzz/.made: requirements/run.txt requirements/test.txt requirements/fuzz.txt
# The first may have to install what all of them need; the others then do not compete for it.
.venv-lint/.made .venv-floor/.made .venv-bench/.made .venv-eda/.made .venv-fuzz/.made: | .venv/.made
.venv/.made .venv-lint/.made .venv-floor/.made .venv-bench/.made .venv-eda/.made .venv-fuzz/.made: tools/venv.sh
	@PY=$(PY) tools/venv.sh $@ $(filter requirements/%,$^)

clean:
	rm -rf .venv .venv-lint .venv-floor .venv-newest .venv-core-* .venv-bench .venv-eda .venv-fuzz .tree .logs .docsite .browser
