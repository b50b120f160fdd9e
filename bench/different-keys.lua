-- A new credential for every request.
local sent = 0
local run = tostring(os.time())
request = function()
  sent = sent + 1
  return wrk.format("GET", nil, { ["Authorization"] = "Bearer sk-" .. run .. "-" .. sent })
end
