EXTENSION = taskq
EXTVERSION = $(shell sed -n "s/^default_version = '\(.*\)'/\1/p" taskq.control)

# The SQL of the version at hand is its parts joined in this order.
SQL_PARTS = types calendar actor directory business policy task pause history lifecycle \
	sla publicid create search page todo verbs follow_up stats backlog explain report sweep retention template rule workflow \
	emit recur renewal ladder handover schedule erasure merge counter slot customization wakeup check grants finish
DATA_built = sql/taskq--$(EXTVERSION).sql
# Versions that have been released never change again; from each there is a
# script to the next.
DATA = $(filter-out $(DATA_built),$(wildcard sql/taskq--*.sql))

MODULE_big = taskq
OBJS = $(patsubst %.c,%.o,$(wildcard src/*.c src/*/*.c))
PG_CPPFLAGS = -I$(srcdir)/src -DTASKQ_VERSION='"$(EXTVERSION)"'

# Golden files are in top-level expected/.  Versions from 16 on look for them
# there; 15 looks in outputdir, which has a link.  It looks there for the tests
# as well, so that outputdir must be no directory that has an sql/ of its own.
OUTPUT = test/output
REGRESS = $(patsubst test/sql/%.sql,%,$(wildcard test/sql/*.sql))
REGRESS_OPTS = --inputdir=test --outputdir=$(OUTPUT)
ISOLATION = $(patsubst test/specs/%.spec,%,$(wildcard test/specs/*.spec))
ISOLATION_OPTS = --inputdir=test --outputdir=$(OUTPUT)
TAP_TESTS = 1
PROVE_TESTS = test/t/*.pl

EXTRA_CLEAN = $(DATA_built) $(OUTPUT) output_iso tmp_check tmp_check_iso log

PG_CONFIG ?= pg_config
PGXS := $(wildcard $(shell $(PG_CONFIG) --pgxs 2>/dev/null))

# These install what they need, PostgreSQL too.
SELF_SUFFICIENT = demo demo-stop console load-console test test-console \
	test-drivers test-feed test-router test-ha cluster cluster-stop test-majors test-package test-asan test-valgrind fuzz fuzz-c lint \
	soak bench bench-sustained dist package

ifneq ($(PGXS),)
include $(PGXS)
else ifneq ($(filter-out $(SELF_SUFFICIENT),$(or $(MAKECMDGOALS),all)),)
$(error "$(PG_CONFIG) --pgxs" finds no PGXS: install PostgreSQL's server headers (package postgresql-server-dev-NN) or pass PG_CONFIG)
endif

.PHONY: $(SELF_SUFFICIENT)
demo:
	@examples/demo
demo-stop:
	@examples/demo stop
console:
	@examples/ops-console/start
load-console:
	@examples/ops-console/load
test-console:
	@examples/ops-console/test/run
test:
	@test/run
test-drivers:
	@test/drivers/run
test-feed:
	@examples/change_feed/test/run
test-router:
	@test/router
test-ha:
	@test/ha/run
cluster:
	@examples/cluster
cluster-stop:
	@examples/cluster stop
test-majors:
	@test/majors
test-package:
	@test/release
test-asan:
	@test/asan
test-valgrind:
	@test/valgrind
fuzz:
	@test/fuzz/sql
fuzz-c:
	@test/fuzz/c
lint:
	@test/lint
soak:
	@bench/soak
bench:
	@bench/run
bench-sustained:
	@bench/run sustained
dist:
	@test/dist
package:
	@test/package

$(OBJS): $(wildcard src/*.h src/*/*.h)

installcheck: $(OUTPUT)/expected
$(OUTPUT)/expected:
	mkdir -p $(OUTPUT)
	ln -s ../../expected $@

sql/taskq--$(EXTVERSION).sql: $(SQL_PARTS:%=sql/%.sql)
	cat $^ > $@
