--- busted's plain output, and the counts alone on the last line.
return function(options)
  local handler = require "busted.outputHandlers.plainTerminal"(options)
  local finish = handler.suiteEnd

  function handler.suiteEnd(...)
    local result, continue = finish(...)
    local failed = handler.failuresCount + handler.errorsCount
    io.write(("%d passed, %d failed"):format(handler.successesCount, failed))
    if handler.pendingsCount > 0 then io.write((", %d skipped"):format(handler.pendingsCount)) end
    io.write("\n")
    return result, continue
  end

  return handler
end
