# portable.mk: other systems than this one, a part of the Makefile.

# The pollers as modules for the specs, which try them all. poller_select is what macOS has.
POLLERS := $(patsubst %,$(B)/spec/poller_%.so,$(if $(call has_header,sys/epoll.h),epoll) poll select)
$(B)/spec/poller_epoll.so: csrc/poller_epoll.c
$(B)/spec/poller_poll.so: csrc/poller_poll.c csrc/platform.c
$(B)/spec/poller_select.so: csrc/poller_poll.c csrc/platform.c
$(B)/spec/poller_select.so: ALL_CFLAGS += -DAML_SELECT
$(POLLERS): spec/csrc/poller.c csrc/poller.h csrc/platform.h | $(B)/checked
	@echo LD $@
	@mkdir -p $(@D)
	@$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) $(LIBFLAG) -o $@ $(filter %.c,$^)

check: $(POLLERS)
