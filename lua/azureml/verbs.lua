--- What one can ask of a compute instance: methods and paths.
--- Source: spec/contract/compute-rest.md, section 2. The specification says final-state-via
--- location; the live service sends Azure-AsyncOperation only, and after it the resource itself is
--- looked at.
return {
  list    = { "GET", "computes" },
  get     = { "GET", "computes/{name}" },
  create  = { "PUT", "computes/{name}" },
  delete  = { "DELETE", "computes/{name}", query = { underlyingResourceAction = "Delete" } },
  start   = { "POST", "computes/{name}/start", final_state_via = "azure-async-operation" },
  stop    = { "POST", "computes/{name}/stop", final_state_via = "azure-async-operation" },
  restart = { "POST", "computes/{name}/restart", final_state_via = "azure-async-operation" },
}
