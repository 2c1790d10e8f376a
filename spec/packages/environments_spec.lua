local azureml = require "azureml"
local environments = require "azureml.packages.environments"
local json = require "azureml.json"
local kernels = require "azureml.packages.kernels"
local local_instance = require "spec.local_instance"

-- Debian has no conda: a stand-in keeps what it is told, and makes directories. It proves what is
-- asked of conda and how its answers are read, not conda.
local CONDA = [=[
envs="$HOME/conda/envs"
mkdir -p "$envs"
python() { mkdir -p "$1/bin" "$1/conda-meta"
  printf '#!/bin/sh\n{ printf "%%s\\t" "$@"; echo; } >>"$HOME/env.runs"\n'\
'case "$*" in *version_info*) echo 3.11.4;; esac\n' >"$1/bin/python"
  cp "$1/bin/python" "$1/bin/Rscript"; chmod 755 "$1/bin/python" "$1/bin/Rscript"
  : >"$1/conda-meta/python-3.11.4-0.json"; }
case "$1" in
  env) case "$2" in
    list) printf '{"envs": ["%s"' "$HOME/conda"
      for e in "$envs"/*; do if [ -d "$e" ]; then printf ', "%s"' "$e"; fi; done
      echo ']}';;
    remove) [ "$3 $4" = "--yes --name" ] || exit 9; rm -r "$envs/$5";;
  esac;;
  create) [ "$2 $3" = "--yes --name" ] || exit 9
    case "$*" in *missing*) echo "PackagesNotFoundError: missing" >&2; exit 1;; esac
    python "$envs/$4";;
  install) [ "$2 $3" = "--yes --name" ] || exit 9;;
  *) exit 9;;
esac
]=]

describe("environments of an instance", function()
  local place, vm

  before_each(function()
    place = local_instance()
    vm = place.vm
  end)
  after_each(function() place:close() end)

  local function conda()
    place:program("conda", CONDA)
    place:write("conda/bin/python", "", "755")
  end

  -- The runs of conda that change something.
  local function changes()
    local list = {}
    for _, words in ipairs(place:runs "conda") do
      if words[2] ~= "list" then list[#list + 1] = table.concat(words, " ") end
    end
    return list
  end

  local function create(settings)
    return environments.create(vm, settings)
  end

  it("are created by conda, with packages, pip's packages and a kernel", function()
    conda()
    place.kernels.team = { spec = {} }
    local made = create { name = "team", python = "3.11", packages = { "pandas=2.2", "a b" },
      pip = { "torch" }, channels = { "conda-forge" }, kernel = true, display_name = "The team's" }
    assert.same({ "create --yes --name team --channel conda-forge python=3.11 pip ipykernel "
      .. "pandas=2.2 a b" }, changes())
    assert.same({ true, "team", "conda", place.home .. "/conda/envs/team" },
      { made.created, made.kernel, made.kind, made.prefix })
    local runs = place:runs "env"
    assert.same({ "torch", "--", "install" }, { runs[1][7], runs[1][6], runs[1][3] })
    assert.same({ "-m", "ipykernel", "install", "--user", "--name", "team", "--display-name",
      "The team's" }, runs[2])
  end)

  it("are created once: what exists gets what is new", function()
    conda()
    create { name = "team" }
    local made = create { name = "team", python = "3.11", packages = { "six" } }
    assert.is_false(made.created)
    assert.same({ "create --yes --name team python pip", "install --yes --name team six" },
      changes())
  end)

  it("that exist with another version or of another kind are refused", function()
    conda()
    create { name = "team" }
    local _, err = azureml.try(create, { name = "team", python = "3.9" })
    assert.equal("EnvironmentDiffers", err.code)
    assert.matches("exists with Python 3.11.4, not 3.9", err.message, 1, true)
    _, err = azureml.try(create, { name = "team", python = "3.1" })
    assert.equal("EnvironmentDiffers", err.code)
    _, err = azureml.try(create, { name = "team", kind = "venv" })
    assert.matches("exists with the kind conda, not venv", err.message, 1, true)
  end)

  it("have R and its kernel", function()
    conda()
    place.kernels.stats = { spec = {} }
    create { name = "stats", language = "r", packages = { "r-dplyr" }, kernel = true }
    assert.same({ "create --yes --name stats r-base r-irkernel r-dplyr" }, changes())
    local lines = place:runs "env"      -- the code takes several
    local words = lines[#lines]
    assert.equal("-e", lines[1][1])
    assert.same({ "stats", "R (stats)" }, { table.unpack(words, #words - 1) })
  end)

  it("that cannot be created fail with the end of the log", function()
    conda()
    local _, err = azureml.try(create, { name = "team", packages = { "missing" } })
    assert.equal("StepFailed", err.code)
    assert.matches("cannot create the environment 'team' on 'ci-ann': conda ended with exit code 1",
      err.message, 1, true)
    assert.equal("PackagesNotFoundError: missing", err.log)
  end)

  it("need a conda, or are virtual", function()
    local _, err = azureml.try(create, { name = "team" })
    assert.equal("CondaMissing", err.code)
  end)

  it("are found where conda is installed, though it is not in PATH", function()
    place:program("conda", CONDA)
    os.execute(("mkdir -p '%s/miniconda3/bin' && mv '%s/bin/conda' '%s/miniconda3/bin/conda'")
      :format(place.home, place.home, place.home))
    create { name = "team" }
    assert.same({ "create --yes --name team python pip" }, changes())
  end)

  it("are listed with their versions", function()
    conda()
    create { name = "team" }
    place:write(".virtualenvs/web/bin/python", "", "755")
    place:write(".virtualenvs/web/pyvenv.cfg", "home = /usr/bin\nversion = 3.11.2\n")
    local list = {}
    for i, item in ipairs(environments.list(vm)) do
      list[i] = ("%s %s %s"):format(item.name, item.kind, item.python_version)
    end
    assert.same({ "base conda nil", "team conda 3.11.4", "web venv 3.11.2" }, list)
  end)

  it("of one name are told apart by their paths", function()
    conda()
    create { name = "team" }
    place:write(".virtualenvs/team/bin/python", "", "755")
    local _, err = azureml.try(create, { name = "team" })
    assert.equal("EnvironmentAmbiguous", err.code)
  end)

  it("are deleted with the kernels that run in them", function()
    conda()
    create { name = "team" }
    local prefix = place.home .. "/conda/envs/team"
    place.kernels.team = { spec = { argv = { prefix .. "/bin/python" } } }
    place.kernels.other = { spec = { argv = { prefix .. "2/bin/python" } } }
    place:write(".local/share/jupyter/kernels/team/kernel.json", "{}")
    local request = vm.jupyter.server.request
    vm.jupyter.server.request = function(...)
      if not io.open(place.home .. "/.local/share/jupyter/kernels/team/kernel.json") then
        place.kernels.team = nil
      end
      return request(...)
    end
    assert.same({ true, { "team" } }, { environments.delete(vm, "team") })
    assert.same({ false, {} }, { environments.delete(vm, "team") })
    assert.equal("env remove --yes --name team", changes()[2])
  end)

  for _, row in ipairs {
    { { name = "../x" }, "not the name of an environment" }, { { name = "-x" }, "like an option" },
    { {}, "must be a text" }, { { name = "x", python = "3.x" }, "a version such as '3.11'" },
    { { name = "x", kind = "docker" }, "kind is 'conda' or 'venv'" },
    { { name = "x", language = "julia" }, "language is 'python' or 'r'" },
    { { name = "x", language = "r", kind = "venv" }, "R needs an environment of conda" },
    { { name = "x", channels = { "c" }, kind = "venv" }, "channels are conda's" },
    { { name = "x", packages = { "--y" } }, "like an option" },
    { { name = "x", kernel_name = "a/b" }, "not the name of a kernel" },
    { { name = "x", pacakges = {} }, "no option 'pacakges'" },
  } do
    it(("refuse %s"):format(json.encode(row[1])), function()
      local ok, raised = pcall(create, row[1])
      assert.is_false(ok)
      assert.matches(row[2], tostring(raised), 1, true)
    end)
  end

  it("do not lose conda's own", function()
    assert.is_false(pcall(environments.delete, vm, "base"))
  end)

  describe("kernels", function()
    it("that Jupyter does not list after all are an error", function()
      place:write("e/bin/python", "#!/bin/sh\nexit 0\n", "755")
      local _, err = azureml.try(kernels.register, vm, { python = place.home .. "/e/bin/python" },
        { name = "Team", language = "python" }, {})
      assert.equal("KernelNotFound", err.code)
    end)

    it("of the user are removed; those of the system stay", function()
      place.kernels.python3 = { spec = {} }
      local _, err = azureml.try(kernels.remove, vm, "python3")
      assert.equal("KernelNotRemoved", err.code)
      assert.is_false(kernels.remove(vm, "unknown"))
    end)
  end)
end)
