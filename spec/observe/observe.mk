# observe.mk: a part of the Makefile.

# Check the metrics of a run with promtool, which Debian's package prometheus has.
metrics: all
	@command -v promtool >/dev/null || { echo "make metrics needs promtool: install prometheus" >&2; exit 1; }
	@$(B)/azureml --emulator --speed 10000 --prometheus $(B)/metrics.prom run lifecycle >/dev/null 2>&1
	@promtool check metrics < $(B)/metrics.prom

.PHONY: metrics
