local position = require "azureml.console.position"

describe("the position of the cursor", function()
  -- Return the innermost frame, and how many there are.
  local function inside(text)
    local frames = position.at_end(text).frames
    return frames[#frames], #frames
  end

  it("knows the function whose arguments are typed, and which one", function()
    local frame, depth = inside "ws.instances:resize('a, b', f(1, 2), "
    assert.same({ "(", "ws.instances:resize", 3, 1 },
      { frame.bracket, frame.callee, frame.argument, depth })
  end)

  it("knows whose options a table has, and the keys that are there", function()
    for _, text in ipairs { "vm:start { no_wait = true, t = { 1 }, ",
      "vm:start({ no_wait = 1, t = 2, ",
      "x = 1 -- (\nvm:start {\n  no_wait = true,\n  t = '}' ," } do
      local frame = inside(text)
      assert.same({ "{", "vm:start", 1, nil },
        { frame.bracket, frame.callee, frame.argument, frame.key })
      assert.same({ no_wait = true, t = true }, frame.keys)
    end
    assert.equal(2, inside("ws.instances:create('ci', { ").argument)
  end)

  it("knows the key whose value is typed", function()
    assert.equal("vm_size", inside("f { a = 1, vm_size = ").key)
    assert.is_nil(inside("f { a == ").key)
  end)

  it("knows the string that is open, and what expects it", function()
    local place = position.at_end "ws.instances:get \"ci-a"
    assert.same({ "ci-a", "ws.instances:get" }, { place.string, place.callee })
    place = position.at_end "f('done', 'it\\'s"
    assert.same({ "it\\'s", 2 }, { place.string, place.frames[1].argument })
    assert.is_nil(position.at_end("f 'x' ").string)
  end)

  it("leaves closed brackets, comments and keywords behind", function()
    local _, depth = inside "f(g { 1 }, [[ ( ]]) "
    assert.equal(0, depth)
    assert.is_nil(inside("return { ").callee)
    assert.is_nil(position.at_end("-- it's").string)
  end)
end)
