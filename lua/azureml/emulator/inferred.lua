--- Collect what no source states, in this file alone, so that one observation of the live service
--- corrects it. The section numbers are those of spec/contract/compute-rest.md, unless another file
--- is named.
return {
  -- 3.3, 3.6, 7.6: how long things take, in seconds of the emulator's clock. Stop and start were
  -- measured; the others were estimated from them.
  durations = {
    creating = 240, setting_up = 60, user_setting_up = 30, starting = 150, stopping = 90,
    restarting = 150, resizing = 180, deleting = 90, creating_cluster = 20, updating_cluster = 20,
    mounting = 10, job = 60, job_preparing = 20, job_cancelling = 10, hung = 7200,
  },
  -- 3.1: how many computes a page of the list holds.
  page_size = 100,
  -- 4: how long a client is told to wait between polls, and between looks at a compute that
  -- changes, when the clock is sped up. At real speed the emulator leaves the header out, as
  -- recorded.
  poll_after = 10,
  -- 4: how long the status of a finished operation is kept, in seconds.
  operation_kept = 24 * 3600,
  -- 6: statuses and codes of refusals whose text is known.
  name_taken = { status = 409, code = "Conflict" },
  name_invalid = { status = 400, code = "BadRequest" },
  no_keys = { status = 400, code = "BadRequest" },
  detach = { status = 400, code = "BadRequest" },
  -- 10: the action on a subnet that a principal needs to create an instance in it.
  join_subnet = "Microsoft.Network/virtualNetworks/subnets/join/action",
  -- 11: the refusal to open an application of an instance that does not run.
  not_running = { status = 409, code = "Conflict" },
  -- spec/contract/auth.md, section 11: the body beside a claims challenge.
  claims_challenge = { status = 401, code = "InvalidAuthenticationToken" },
  -- 7.6: the refusal to stop or restart a stopped instance, and to run a verb during another one.
  stop_stopped = { status = 400, code = "BadRequest" },
  busy = { status = 409, code = "Conflict" },
  -- 6: the code of an operation that hung until it timed out, and of an operation for which the
  -- region has no room.
  timed_out = "OperationTimedOut",
  no_capacity = "AllocationFailed",
  -- 6: the failure of an operation that another operation ended early.
  superseded = { code = "OperationCanceled", message = "Another operation has begun." },
  -- 2, rows 9 to 15: the verbs that no stable version has, by the first preview that had the member
  -- they change, and by single versions that documents name or that have an official example.
  -- updateSchedules is in one version, which "still works"; enableSso is in no version, and the v1
  -- SDK sends it with 2020-02-02.
  verbs = {
    updateIdleShutdownSetting = {
      "2022-06-01", only = { ["2021-07-01"] = true, ["2025-12-01"] = true },
    },
    customServices = { "2022-06-01", only = { ["2025-12-01"] = true } },
    updateDataMounts = { "2022-02-01", only = { ["2025-12-01"] = true } },
    getAllowedVmSizesForResize = { "2023-08-01" },
    resize = { "2023-08-01" },
    updateSchedules = { only = { ["2021-03-01-preview"] = true } },
    enableSso = { "2023-08-01", "2025-12-01", only = { ["2020-02-02"] = true } },
  },
  -- spec/contract/sdk-v1.md, section 6: how the retired Azure AD Graph refuses every request.
  retired_graph = {
    status = 403, code = "Authentication_Unauthorized",
    message = "Access blocked to AAD Graph API for this application. "
      .. "https://aka.ms/AzureADGraphMigration.",
  },
  -- 9.3: texts that stand for no timeout of a setup script. The v2 SDK sends one for a script
  -- without a timeout, and its users' instances are created.
  no_timeout = { Nonem = true },
  -- 14: the members that an answer holds only in the versions that know them. The recording of
  -- 2024-04-01 lacks this member and has the other preview members.
  hidden = { enableRootAccess = true },
  -- 3.3: what a PUT on an existing instance does by default with schedules ("ignore", "refuse") and
  -- with tags and description ("replace", "ignore").
  put = { schedules = "ignore", tags = "replace" },
  -- 3.12: the states from which an instance can be resized. The behaviour `resize` = "stopped"
  -- leaves Stopped alone.
  resize_from = { Running = true, Stopped = true },
  -- 3.9 to 3.13: the settled states in which the settings of an instance cannot be changed. No
  -- state of a running operation allows it.
  no_change_in = { CreateFailed = true },
  -- 2, row 15: the refusal to switch single sign-on for another person.
  not_assignee = { status = 403, code = "Forbidden" },
  -- 7.6: the states in which a machine costs money. The nodes of a cluster cost money in the states
  -- Steady and Updating.
  billed = {
    SettingUp = true, UserSettingUp = true, Running = true, Starting = true, Stopping = true,
    Restarting = true, Resizing = true, Deleting = true, Unusable = true, SetupFailed = true,
    UserSetupFailed = true, Steady = true, Updating = true,
  },
  -- 9.4: the default quota in cores; N-series have no quota by default.
  quotas = { total = 500, family = 200, gpu_family = 0, clusters = 200 },
  -- 5: the size of a token bucket and its refill a second, by kind of request.
  buckets = { reads = { 250, 25 }, writes = { 200, 10 }, deletes = { 200, 10 } },
  -- spec/contract/neighbours.md, section 2: how long a what-if takes, and how long its result is
  -- kept, in seconds.
  what_if = { takes = 2, kept = 3600 },
  -- spec/contract/auth.md, section 2: the lifetime of a token, in seconds.
  token_lifetime = 3600,
  -- spec/contract/auth.md, section 11: the lifetime of a token, in seconds, for a client that can
  -- answer claims challenges; the service gives up to 28 hours.
  continuous_token_lifetime = 86400,
}
