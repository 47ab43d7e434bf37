-- The load of wrk: calls of UserService/GetUser from 256 addresses in turn. `done` prints one line of JSON.
local threads = {}
local sent = 0

function setup(thread)
  table.insert(threads, thread)
end

function init(args)
  user = args[1]
  body = '{"id":"' .. user .. '"}'
  server_errors = 0
  unavailable = 0
  refused = 0
end

function request()
  sent = (sent + 1) % 256
  return wrk.format("POST", "/users.v1.UserService/GetUser", {
    ["content-type"] = "application/json",
    ["connect-protocol-version"] = "1",
    ["cf-connecting-ip"] = "198.18.0." .. sent,
  }, body)
end

function response(status)
  if status >= 500 then server_errors = server_errors + 1 end
  if status == 503 then unavailable = unavailable + 1 end
  if status >= 400 and status < 500 then refused = refused + 1 end
end

function done(summary, latency)
  local count = { server_errors = 0, unavailable = 0, refused = 0 }
  for _, thread in ipairs(threads) do
    for name in pairs(count) do count[name] = count[name] + thread:get(name) end
  end
  local errors = summary.errors
  io.write(string.format(
    'RESULT {"requests":%d,"seconds":%.3f,"p95Ms":%.3f,"serverErrors":%d,"unavailable":%d,"refused":%d,"timeouts":%d,"broken":%d}\n',
    summary.requests, summary.duration / 1e6, latency:percentile(95) / 1e3, count.server_errors, count.unavailable, count.refused,
    errors.timeout, errors.connect + errors.read + errors.write))
end
