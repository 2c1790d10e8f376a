local files = require "azureml.studio.files"
local lfs = require "lfs"

local DIRECTORY = "lua/azureml/studio/page/"
local MOST = 120 * 1024      -- bytes of the whole page

describe("the studio's page", function()
  local all = files.all()

  it("has the files that its directory has", function()
    local count = 0
    for name in lfs.dir(DIRECTORY) do
      if name:sub(1, 1) ~= "." then
        count = count + 1
        assert.truthy(all[name], name)
      end
    end
    assert.equal(#files.names, count)
  end)

  it("is small", function()
    local size = 0
    for _, file in pairs(all) do size = size + #file.body end
    assert.is_true(size < MOST, ("%d bytes"):format(size))
  end)

  it("loads nothing from elsewhere, and has no inline script, style or markup sink", function()
    for name, file in pairs(all) do
      for _, sink in ipairs { "innerHTML", "outerHTML", "insertAdjacentHTML", "document.write",
        "eval(", "new Function", "@import", "javascript:" } do
        assert.is_nil(file.body:find(sink, 1, true), name .. ": " .. sink)
      end
      for url in file.body:gmatch "%a+://[%w.-]+" do
        assert.truthy(url:find "www%.w3%.org" or url:find "portal%.azure%.com", name .. ": " .. url)
      end
    end
    local html = all["index.html"].body
    assert.is_nil(html:find "<script[^>]*>[^<]" or html:find "style=" or html:find " on%a+=")
  end)

  it("imports only its own files", function()
    for name, file in pairs(all) do
      for path in file.body:gmatch 'from%s+"([^"]+)"' do
        assert.truthy(all[path:match "^/(.+)$"], name .. " imports " .. path)
      end
    end
  end)

  it("keeps to 100 columns", function()
    for name, file in pairs(all) do
      for line in file.body:gmatch "[^\n]+" do
        assert.is_true(utf8.len(line) <= 100, name .. ": " .. line)
      end
    end
  end)

  it("says which file an installation lacks", function()
    local _, err = require("azureml").try(files.read, "none.js")
    assert.equal("PageMissing", err.code)
  end)
end)
