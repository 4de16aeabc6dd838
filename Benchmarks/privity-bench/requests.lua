-- Sends each line of a file once: method, path, token, body, divided by tabs.
local requests, next_one = {}, 0
function init(args)
  for line in io.lines(args[1]) do
    local method, path, token, body = line:match("^(%S+)\t(%S+)\t(%S+)\t(.*)$")
    local headers = {["Authorization"] = "Bearer " .. token, ["Content-Type"] = "application/json"}
    requests[#requests + 1] = wrk.format(method, path, headers, body)
  end
end
function request()
  next_one = next_one + 1
  if next_one >= #requests then wrk.thread:stop() end
  return requests[math.min(next_one, #requests)]
end
function done(summary, latency)
  io.write(string.format("RESULT %d %d %d %d %d\n", summary.requests, summary.duration, latency:percentile(50), latency:percentile(99),
    summary.errors.status + summary.errors.connect + summary.errors.read + summary.errors.timeout))
end
