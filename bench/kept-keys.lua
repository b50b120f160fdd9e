-- A thousand credentials in turn.
local sent = 0
request = function()
  sent = sent + 1
  return wrk.format("GET", nil, { ["Authorization"] = "Bearer sk-" .. sent % 1000 })
end
