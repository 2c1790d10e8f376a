# observe.mk: a part of the Makefile.

# Check the metrics of a run with promtool, which Debian's package prometheus has.
metrics: all
	$(call need,prometheus)
	@rm -f $(B)/metrics.prom
	@! $(B)/azureml --emulator --speed 1000 --prometheus $(B)/metrics.prom \
	  spec/observe/metrics.lua 2>/dev/null
	@for name in cost_per_hour instances failures waits; do \
	  grep -q "^azureml_$$name{" $(B)/metrics.prom || { \
	    echo "azureml_$$name is missing" >&2; exit 1; }; done
	@promtool check metrics < $(B)/metrics.prom
	@echo "promtool accepts $$(grep -c ^azureml $(B)/metrics.prom) samples"

.PHONY: metrics
