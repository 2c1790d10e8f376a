--- What no source states, chosen here and nowhere else, so that one observation of the live service corrects it. The sections are
--- those of compute-rest.md.
return {
  -- 3.3, 3.6, 7.6: how long things take, in seconds of the emulator's clock. Stop and start were seen; the rest follows their order.
  durations = {
    creating = 240, setting_up = 60, user_setting_up = 30, starting = 150, stopping = 90, restarting = 150, deleting = 90,
  },
  -- 3.1: how many computes a page of the list holds.
  page_size = 100,
  -- 4: what a client is asked to wait between polls when the clock is sped up; at its real speed nothing is sent, as recorded.
  poll_after = 10,
  -- 4: how long the status of an operation that is over can be asked for, in seconds.
  operation_kept = 24 * 3600,
  -- 6: statuses and codes of refusals whose text is known.
  name_taken = { status = 409, code = "Conflict" },
  name_invalid = { status = 400, code = "BadRequest" },
  detach = { status = 400, code = "BadRequest" },
  -- 7.6: what the service answers to stop and restart of a stopped instance, and to a verb while another is at work.
  stop_stopped = { status = 400, code = "BadRequest" },
  busy = { status = 409, code = "Conflict" },
  -- 9.4: quota in cores by default; N-series have none.
  quotas = { total = 500, family = 200, gpu_family = 0, clusters = 200 },
  -- 5: the size of a token bucket and its refill a second, by kind of request.
  buckets = { reads = { 250, 25 }, writes = { 200, 10 }, deletes = { 200, 10 } },
  -- auth.md, 2: how long a token lives.
  token_lifetime = 3600,
}
