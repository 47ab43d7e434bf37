// Traces of calls: who gets them, what is in them, and what a call without one is spared.
import { expect, it } from "vitest";
import { ADMIN_SECRET } from "../../../support/admin-app.ts";
import { json, USER, userFor } from "../../../support/gateway.ts";
import { tracedApp } from "../../../support/traced-app.ts";

const GET_USER = `/api/v1/users/${USER.id}`;
const idOf = (response: Response): string => response.headers.get("x-request-id") ?? "";

it("records each layer of a call with what it judged by", async () => {
  const { call, traceOf } = tracedApp({
    rateLimits: { lines: { key: "ip", capacity: 10, rate: 1, mode: "local" } },
    defaults: { rateLimits: ["lines"], readTimeoutMs: 5_000 },
  });
  const response = await call("GET", GET_USER);
  expect(response.status).toBe(200);
  const trace = (await traceOf(idOf(response)))!;
  expect(trace).toMatchObject({ route: "users.v1.UserService/GetUser", httpMethod: "GET", protocol: "rest", status: 200 });
  expect(trace.steps.map(({ layer }) => layer)).toEqual([
    ...["trace", "rescue", "check-headers", "deadline", "rate-limit", "limit-body", "open-streams", "shed"],
    ...["decode-body", "transcode", "retry", "shed", "dispatch"],
  ]);
  const step = (layer: string) => trace.steps.find((one) => one.layer === layer)!;
  expect(step("deadline").values).toContainEqual({ name: "readTimeoutMs", value: 5_000, source: "defaults.readTimeoutMs" });
  expect(step("rate-limit").values).toContainEqual({ name: "rateLimits.lines.capacity", value: 10, source: "rateLimits.lines.capacity" });
  expect(step("rate-limit").values).toContainEqual({ name: "lines remaining", value: 9 });
  expect(step("dispatch")).toMatchObject({ outcome: "STEP_OUTCOME_RESPONDED", isAttempt: true, attempt: 1 });
  expect(step("dispatch").values).toContainEqual({ name: "endpoint", value: "USERS" });
  expect(step("deadline").settings).toEqual([{ name: "readTimeoutMs", value: 5_000, source: "defaults.readTimeoutMs" }]);
});

it("says which layer has refused, and why", async () => {
  const { call, traceOf } = tracedApp({
    rateLimits: { lines: { key: "ip", capacity: 1, rate: 1, intervalMs: 600_000, mode: "local" } },
    defaults: { rateLimits: ["lines"] },
  });
  await call("GET", GET_USER);
  const refused = await call("GET", GET_USER);
  expect(refused.status).toBe(429);
  const { steps } = (await traceOf(idOf(refused)))!;
  expect(steps.at(-1)).toMatchObject({ layer: "rate-limit", outcome: "STEP_OUTCOME_REFUSED", reason: "rate_limited" });
  expect(steps.at(-1)!.values).toContainEqual({ name: "rule", value: "lines" });
  expect(steps.find(({ layer }) => layer === "rescue")).toMatchObject({ outcome: "STEP_OUTCOME_RESPONDED", reason: "rate_limited" });
});

it("shows each attempt, and that the call was retried", async () => {
  let calls = 0;
  const { call, traceOf } = tracedApp({ defaults: { retries: { max: 2, baseMs: 1 } } }, (request) => {
    calls += 1;
    return calls === 1 ? json({ code: "unavailable" }, { status: 503 }) : userFor(request);
  });
  const response = await call("GET", GET_USER);
  expect(response.status).toBe(200);
  const { steps } = (await traceOf(idOf(response)))!;
  expect(steps.find(({ layer }) => layer === "retry")).toMatchObject({ outcome: "STEP_OUTCOME_RETRIED" });
  expect(steps.filter(({ layer }) => layer === "dispatch").map(({ attempt }) => attempt)).toEqual([1, 2]);
});

it("traces calls that no route takes", async () => {
  const { call, traceOf } = tracedApp({});
  const { steps } = (await traceOf(idOf(await call("GET", "/none"))))!;
  expect(steps.at(-1)).toMatchObject({ layer: "refuse", outcome: "STEP_OUTCOME_REFUSED", reason: "unknown_path" });
});

it.each([
  ["no credential", undefined],
  ["a wrong secret of the same length", ADMIN_SECRET.replace("a", "b")],
  ["text of no form", "x"],
  ["a made-up key", "tg_test_0123456789abcdef_0123456789abcdef0123456789abcdef01234567"],
])("changes nothing for %s", async (_, credential) => {
  const seen: Request[] = [];
  const { call, traceOf } = tracedApp({}, (request) => {
    seen.push(request);
    return userFor(request);
  });
  const response = await call("GET", GET_USER, undefined, { "tidegate-trace": credential ?? "" });
  expect(response.status).toBe(200);
  expect(await traceOf(idOf(response))).toBeUndefined();
  expect(seen[0]!.headers.has("tidegate-trace")).toBe(false);
});

it("hands the header to no upstream, and takes none from it", async () => {
  const seen: Request[] = [];
  const { call } = tracedApp({}, (request) => {
    seen.push(request);
    const response = userFor(request);
    response.headers.set("tidegate-trace", "from upstream");
    return response;
  });
  const response = await call("GET", GET_USER);
  expect(seen[0]!.headers.has("tidegate-trace")).toBe(false);
  expect(response.headers.has("tidegate-trace")).toBe(false);
});

it("stores nothing of bodies, credentials and queries", async () => {
  const { call, log } = tracedApp({});
  const marks = ["mark-in-body", "mark-in-query", "mark-in-authorization"];
  const headers = { authorization: `Bearer ${marks[2]}` };
  const response = await call("POST", `/api/v1/users?x=${marks[1]}`, { user: { displayName: marks[0] } }, headers);
  await expect.poll(() => log.findTrace(idOf(response)), { timeout: 60_000 }).toBeDefined(); // it is stored after the response
  const stored = (await log.findTrace(idOf(response)))!;
  for (const mark of [...marks, ADMIN_SECRET]) expect(stored).not.toContain(mark);
});

it("compiles without a recorder: a call without the header has none", async () => {
  const { call, log } = tracedApp({});
  const response = await call("GET", GET_USER, undefined, { "tidegate-trace": "" });
  expect(await log.findTrace(idOf(response))).toBeUndefined();
});

it("are made of calls of this machine under npm start, without a credential", async () => {
  const started = { TIDEGATE_LOCAL: "true", TIDEGATE_LOCAL_VIEWER: "true" };
  const local = { "tidegate-trace": "local" };
  const { call, traceOf } = tracedApp({}, undefined, started);
  const made = await call("GET", GET_USER, undefined, local, "http://127.0.0.1:8787");
  expect(await traceOf(idOf(made))).toMatchObject({ status: 200 });
  const elsewhere = await call("GET", GET_USER, undefined, local);
  expect([elsewhere.status, await traceOf(idOf(elsewhere))]).toEqual([200, undefined]);
  const ofPage = await call("GET", GET_USER, undefined, { ...local, origin: "http://evil.example" }, "http://127.0.0.1:8787");
  expect([ofPage.status, await traceOf(idOf(ofPage))]).toEqual([200, undefined]);
  const deployed = tracedApp({});
  const untraced = await deployed.call("GET", GET_USER, undefined, local, "http://127.0.0.1:8787");
  expect([untraced.status, await deployed.traceOf(idOf(untraced))]).toEqual([200, undefined]);
});
