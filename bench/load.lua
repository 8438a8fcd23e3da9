-- For wrk: METHOD and BODY of the environment; prints one line of JSON at the end.
wrk.method = os.getenv("METHOD") or "GET"
if wrk.method == "POST" then
  wrk.headers["Content-Type"] = "application/json"
  wrk.body = os.getenv("BODY") or "{}"
end

function done(summary, latency)
  local failed = summary.errors.status + summary.errors.connect + summary.errors.read +
      summary.errors.write + summary.errors.timeout
  io.write(string.format(
    'wrk-json {"requests":%d,"seconds":%.6f,"failed":%d,"p50_ms":%.4f,"p99_ms":%.4f}\n',
    summary.requests, summary.duration / 1e6, failed,
    latency:percentile(50) / 1e3, latency:percentile(99) / 1e3))
end
