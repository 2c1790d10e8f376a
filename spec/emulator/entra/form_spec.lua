local form = require "azureml.emulator.entra.form"

describe("a form", function()
  it("is read as it was written", function()
    local fields = { a = "b c", ["d&e"] = "f=g+h%", i = "" }
    assert.same(fields, form.read(form.write(fields)))
    assert.same({ a = "b c" }, form.read "a=b+c&junk&&")
  end)

  it("shows in HTML what it holds, and does nothing there", function()
    assert.equal("&lt;a b=&quot;c&quot; d=&#39;&amp;&#39;&gt;", form.html [[<a b="c" d='&'>]])
  end)
end)
