-- The same request over and over, with a session's cookie.
function init(args) wrk.headers["Cookie"] = "__Host-privity=" .. args[1] end
function done(summary, latency)
  io.write(string.format("RESULT %d %d %d %d %d\n", summary.requests, summary.duration, latency:percentile(50), latency:percentile(99),
    summary.errors.status + summary.errors.connect + summary.errors.read + summary.errors.timeout))
end
