--- What no source states, chosen here and nowhere else, so that one observation of the live service
--- corrects it. The sections are those of spec/contract/compute-rest.md.
return {
  -- 3.3, 3.6, 7.6: how long things take, in seconds of the emulator's clock. Stop and start were seen; the rest follows their order.
  durations = {
    creating = 240, setting_up = 60, user_setting_up = 30, starting = 150, stopping = 90, restarting = 150, resizing = 180, deleting = 90,
    creating_cluster = 20, updating_cluster = 20, mounting = 10, job = 60, job_preparing = 20, job_cancelling = 10, hung = 7200,
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
  no_keys = { status = 400, code = "BadRequest" },
  detach = { status = 400, code = "BadRequest" },
  -- 10: what who creates in a subnet must hold there.
  join_subnet = "Microsoft.Network/virtualNetworks/subnets/join/action",
  -- 11: what an application of an instance answers that does not run.
  not_running = { status = 409, code = "Conflict" },
  -- spec/contract/auth.md, section 11: what is said beside a claims challenge.
  claims_challenge = { status = 401, code = "InvalidAuthenticationToken" },
  -- 7.6: what the service answers to stop and restart of a stopped instance, and to a verb while another is at work.
  stop_stopped = { status = 400, code = "BadRequest" },
  busy = { status = 409, code = "Conflict" },
  -- 6: the code of an operation that hung until it was given up, and of one for which the region has no room.
  timed_out = "OperationTimedOut",
  no_capacity = "AllocationFailed",
  -- 2, rows 9 to 15: the verbs that are in no stable version, by the first preview that had what they change, and single versions that
  -- documents name, or that have an official example; updateSchedules "still works", enableSso is in none.
  verbs = {
    updateIdleShutdownSetting = { "2022-06-01", only = { ["2021-07-01"] = true, ["2025-12-01"] = true } },
    customServices = { "2022-06-01", only = { ["2025-12-01"] = true } },
    updateDataMounts = { "2022-02-01", only = { ["2025-12-01"] = true } },
    getAllowedVmSizesForResize = { "2023-08-01" }, resize = { "2023-08-01" },
    updateSchedules = { "2021-03-01" }, enableSso = { "2023-08-01", "2025-12-01" },
  },
  -- 3.12: what an instance may be resized from.
  resize_from = { Running = true, Stopped = true },
  -- 7.6: the states in which the machine costs money. A cluster's nodes do while it is steady or being changed.
  billed = {
    SettingUp = true, UserSettingUp = true, Running = true, Starting = true, Stopping = true, Restarting = true, Resizing = true,
    Deleting = true, Unusable = true, SetupFailed = true, UserSetupFailed = true, Steady = true, Updating = true,
  },
  -- 9.4: quota in cores by default; N-series have none.
  quotas = { total = 500, family = 200, gpu_family = 0, clusters = 200 },
  -- 5: the size of a token bucket and its refill a second, by kind of request.
  buckets = { reads = { 250, 25 }, writes = { 200, 10 }, deletes = { 200, 10 } },
  -- spec/contract/auth.md, section 2: how long a token lives.
  token_lifetime = 3600,
  -- spec/contract/auth.md, section 11: how long the token of a client lives that can answer claims
  -- challenges: up to 28 hours.
  continuous_token_lifetime = 86400,
}
