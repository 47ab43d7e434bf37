// @ts-nocheck: it runs in k6, whose modules are not installed here
// The load of k6: users that read a user and list its orders, one after the other. The summary is one line of JSON.
import { check } from "k6";
import http from "k6/http";
import { Counter } from "k6/metrics";

const { ORIGIN, USER, USERS, SECONDS } = __ENV;
const serverErrors = new Counter("server_errors");
const unavailable = new Counter("unavailable");
const refused = new Counter("refused");
const timeouts = new Counter("timeouts");
const broken = new Counter("broken");
const REQUEST_TIMEOUT = 1050; // https://grafana.com/docs/k6/latest/javascript-api/error-codes/

export const options = { vus: Number(USERS), duration: `${SECONDS}s`, summaryTrendStats: ["p(95)"] };

export default function () {
  const params = { headers: { "cf-connecting-ip": `198.18.${__VU % 16}.${__ITER % 256}` }, timeout: "15s" };
  for (const path of [`/api/v1/users/${USER}`, `/api/v1/users/${USER}/orders`]) {
    const response = http.get(ORIGIN + path, params);
    check(response, { "is 200": ({ status }) => status === 200 });
    if (response.error_code === REQUEST_TIMEOUT) timeouts.add(1);
    else if (response.status === 0) broken.add(1);
    else if (response.status >= 500) serverErrors.add(1);
    else if (response.status >= 400) refused.add(1);
    if (response.status === 503) unavailable.add(1);
  }
}

export function handleSummary({ metrics, state }) {
  const count = (name) => metrics[name]?.values.count ?? 0;
  const result = {
    requests: count("http_reqs"),
    seconds: state.testRunDurationMs / 1000,
    p95Ms: metrics.http_req_duration?.values["p(95)"] ?? 0,
    serverErrors: count("server_errors"),
    unavailable: count("unavailable"),
    refused: count("refused"),
    timeouts: count("timeouts"),
    broken: count("broken"),
  };
  return { stdout: `RESULT ${JSON.stringify(result)}\n` };
}
