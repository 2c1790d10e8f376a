# bench.mk: the benchmark, a part of the Makefile. Its programs are built for the suite as well,
# which tries them with tiny counts.

BENCH_TOOLS := $(patsubst %,build/bench/%,server floor load measure)
build/bench/%: spec/bench/%.c
	@echo BENCH $@
	@mkdir -p $(@D)
	@$(CC) -std=c99 -D_GNU_SOURCE $(WARN) -O2 $(call inc,CURL,libcurl) -o $@ $< \
	  $(call lib,CURL,-lcurl) $(BENCH_LIBS_$*)

BENCH_LIBS_server := $(call lib,OPENSSL,-lssl -lcrypto)

build/bench/floor: csrc/aml.h      # for the version

check: $(BENCH_TOOLS)

# What this package costs beside raw libcurl: a table, and build/bench/results.json. BENCH_ROUNDS=5,
# BENCH_JOBS="cold get list start decode pending"
BENCH_ENV = env -i PATH="$(PATH)" HOME="$(CURDIR)/build/bench/home" LANG=C.UTF-8
bench: deps
	@$(MAKE) --no-print-directory all $(BENCH_TOOLS)
	@rm -rf build/bench/home && mkdir -p build/bench/home
	@$(BENCH_ENV) $(if $(BENCH_ROUNDS),BENCH_ROUNDS=$(BENCH_ROUNDS)) BENCH_JOBS="$(BENCH_JOBS)" \
	  build/azureml spec/bench/bench.lua build

# After 100,000 requests and 10,000 operations there is as much memory as before; under the
# sanitizers, with fewer, nothing is lost either.
soak: deps
	@$(MAKE) --no-print-directory all $(BENCH_TOOLS)
	@rm -rf build/bench/home && mkdir -p build/bench/home
	@$(BENCH_ENV) build/azureml spec/bench/soak.lua build/bench/server 100000 10000 2048

soak-asan: test-deps
	@$(MAKE) --no-print-directory all B=build/asan CFLAGS="$(ASAN_CFLAGS)" LDFLAGS="$(SANITIZE)"
	@$(MAKE) --no-print-directory $(BENCH_TOOLS)
	@rm -rf build/bench/home && mkdir -p build/bench/home
	@$(BENCH_ENV) ASAN_OPTIONS=detect_leaks=1 \
	  build/asan/azureml spec/bench/soak.lua build/bench/server 2000 300 200000

.PHONY: bench soak soak-asan
