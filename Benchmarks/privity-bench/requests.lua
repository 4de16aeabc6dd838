-- Sends each line of a file once: method, path, token, body, divided by tabs. The time that counts goes from the first to
-- the last of them.
local ffi = require("ffi")
ffi.cdef[[ struct instant { long seconds; long nanoseconds; }; int clock_gettime(int clock, struct instant *into); ]]
local instant = ffi.new("struct instant")
local function now()
  ffi.C.clock_gettime(1, instant)
  return tonumber(instant.seconds) + tonumber(instant.nanoseconds) / 1e9
end
local requests, next_one, threads = {}, 0, {}
first, last, sent = 0, 0, 0
function setup(thread) table.insert(threads, thread) end
function init(args)
  for line in io.lines(args[1]) do
    local method, path, token, body = line:match("^(%S+)\t(%S+)\t(%S+)\t(.*)$")
    local headers = {["Authorization"] = "Bearer " .. token, ["Content-Type"] = "application/json"}
    requests[#requests + 1] = wrk.format(method, path, headers, body)
  end
end
function request()
  next_one = next_one + 1
  if next_one == 1 then first = now() end
  if next_one <= #requests then
    last = now()
    sent = next_one
  else
    wrk.thread:stop()
  end
  return requests[math.min(next_one, #requests)]
end
function done(summary, latency)
  local time = threads[1]:get("last") - threads[1]:get("first")
  io.write(string.format("RESULT %d %d %d %d %d\n",
    threads[1]:get("sent"), 1e6 * time, latency:percentile(50), latency:percentile(99),
    summary.errors.status + summary.errors.connect + summary.errors.read + summary.errors.timeout))
end
