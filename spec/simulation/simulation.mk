# simulation.mk: the simulation of many subscriptions, a part of the Makefile.

# How many principals and runners stop 200 subscriptions of 500 instances in 10 minutes: two tables.
# SIMULATION_RUNNERS="5 20", SIMULATION_REAL="10 40"
simulation: deps
	@$(MAKE) --no-print-directory all build/bench/measure
	@rm -rf build/simulation && mkdir -p build/simulation
	@env -i PATH="$(PATH)" HOME="$(CURDIR)/build/simulation" LANG=C.UTF-8 \
	  $(if $(SIMULATION_RUNNERS),SIMULATION_RUNNERS="$(SIMULATION_RUNNERS)") \
	  $(if $(SIMULATION_REAL),SIMULATION_REAL="$(SIMULATION_REAL)") \
	  build/azureml spec/simulation/simulation.lua

.PHONY: simulation
