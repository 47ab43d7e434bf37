// Hedging through the whole pipeline: which calls are made a second time, where, and what becomes of the attempt that loses.
import { expect, it } from "vitest";
import type { RetryBudgetInput } from "../../../../core/config/retry.ts";
import type { RouteInput } from "../../../../core/config/route.ts";
import { AUTH, bearer, idOf } from "../../../support/callers.ts";
import { gatewayTo, json, USER, unary } from "../../../support/gateway.ts";

type Answer = (request: Request, number: number) => Response | Promise<Response>;

/** What an endpoint got: by which name, as which attempt, and whether it was ended from outside. */
interface Got {
  readonly name: string;
  readonly attempt: string | null;
  readonly signal: AbortSignal;
}

const HEDGING: RouteInput = { hedging: { percent: 10, minMs: 200 }, retries: false };
const never = ({ signal }: Request): Promise<Response> =>
  new Promise((_, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason));
  });

/** A gateway over two endpoints that has seen a hundred quick calls. What `answer` says holds from then on. */
async function warm(answer: Answer, route: RouteInput = HEDGING, method = "GetUser", retryBudget: RetryBudgetInput = {}) {
  const got: Got[] = [];
  let isWarm = false;
  const binding = (name: string) => ({
    fetch: async (url: string, init: RequestInit) => {
      const request = new Request(url, init);
      if (!isWarm) return json(USER);
      got.push({ name, attempt: request.headers.get("tidegate-attempt"), signal: request.signal });
      return answer(request, got.length);
    },
  });
  const services = {
    "users.v1.UserService": {
      upstream: { endpoints: [{ binding: "A" }, { binding: "B" }], balancer: "round_robin" as const, retryBudget },
      breaker: { consecutive: 1 },
    },
  };
  const gateway = gatewayTo(
    () => json(USER),
    { defaults: route, services, auth: AUTH, overload: { trusted: [idOf("billing")] } },
    { A: binding("A"), B: binding("B") },
  );
  for (let call = 0; call < 120; call++) await gateway(unary(method));
  isWarm = true;
  return { got, gateway };
}

it("sends a slow read to a second endpoint, takes the first response, and ends the other attempt", async () => {
  const { got, gateway } = await warm((request, number) => (number === 1 ? never(request) : json(USER)));
  expect((await gateway(unary("GetUser"))).status).toBe(200);
  expect(got.map(({ attempt }) => attempt)).toEqual([null, "2"]);
  expect(got[0]!.name).not.toBe(got[1]!.name);
  expect(got.map(({ signal }) => signal.aborted)).toEqual([true, false]);
  for (let call = 0; call < 6; call++) await gateway(unary("GetUser"));
  expect(new Set(got.slice(2).map(({ name }) => name)).size).toBe(2); // one failure would have opened its breaker
});

it("ends the second attempt where the first one is answered after all", async () => {
  const first = Promise.withResolvers<Response>();
  const { got, gateway } = await warm((request, number) => {
    if (number === 1) return first.promise;
    first.resolve(json({ ...USER, displayName: "first" }));
    return never(request);
  });
  expect(await (await gateway(unary("GetUser"))).json()).toMatchObject({ displayName: "first" });
  expect(got.map(({ signal }) => signal.aborted)).toEqual([false, true]);
});

it("waits for the other attempt where one fails, whichever it is", async () => {
  const first = Promise.withResolvers<Response>();
  const { got, gateway } = await warm((_, number) => {
    if (number === 1) return first.promise;
    setTimeout(() => first.resolve(json(USER)), 1);
    return json({ code: "unavailable" }, { status: 503 });
  });
  expect((await gateway(unary("GetUser"))).status).toBe(200);
  expect(got).toHaveLength(2);
});

it("never makes a third attempt, and keeps to the deadline", async () => {
  const { got, gateway } = await warm(never);
  const answer = await gateway(unary("GetUser", {}, { "connect-timeout-ms": "4000" }));
  expect(await answer.json()).toMatchObject({ code: "deadline_exceeded" });
  expect(got).toHaveLength(2);
  expect(got.every(({ signal }) => signal.aborted)).toBe(true);
});

it.each([
  ["what has side effects", "UpdateUser", {}, HEDGING],
  ["what a caller it trusts repeats already", "GetUser", { ...(await bearer("billing")), "tidegate-attempt": "2" }, HEDGING],
  ["anything by default", "GetUser", {}, { retries: false } as RouteInput],
])("does not repeat %s", async (_, method, headers, route) => {
  const { got, gateway } = await warm(
    () =>
      new Promise((resolve) => {
        setTimeout(() => resolve(json(USER)), 600);
      }),
    route,
    method,
  );
  await gateway(unary(method, {}, headers));
  expect(got).toHaveLength(1);
});

it("repeats nothing while more than one call in a hundred goes wrong", async () => {
  let isDown = true;
  const { got, gateway } = await warm(
    () =>
      new Promise((resolve) => {
        if (isDown) resolve(json({ code: "resource_exhausted" }, { status: 429 }));
        else setTimeout(() => resolve(json(USER)), 600);
      }),
  );
  for (let call = 0; call < 5; call++) await gateway(unary("GetUser"));
  isDown = false;
  await gateway(unary("GetUser"));
  expect(got).toHaveLength(6);
});

it("counts for the budget of the retries: where that is used up, nothing is hedged", async () => {
  const slowFirst: Answer = (request, number) => (number === 1 ? never(request) : json(USER));
  const { got, gateway } = await warm(slowFirst, { ...HEDGING, retries: { max: 1 } }, "GetUser", { percent: 0, minPerSecond: 0 });
  const answer = await gateway(unary("GetUser", {}, { "connect-timeout-ms": "4000" }));
  expect(await answer.json()).toMatchObject({ code: "deadline_exceeded" });
  expect(got).toHaveLength(1);
});
