// Whose retries one budget pays for: those of all methods of an upstream, and of no other upstream.
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { GatewayInput } from "../../core/config/gateway.ts";
import type { RetryBudgetInput } from "../../core/config/retry.ts";
import { gatewayTo, json, unary } from "../support/gateway.ts";

const DOWN = () => json({ code: "unavailable", message: "down" }, { status: 503 });
const NONE: RetryBudgetInput = { percent: 0, minPerSecond: 0 };
const GENEROUS: RetryBudgetInput = { percent: 100, minPerSecond: 100 };

// The clock stands still, so that no budget refills while the machine is busy.
beforeEach(() => void vi.setSystemTime(Date.now()));
afterEach(() => void vi.useRealTimers());

/** A gateway for two services, both down. @returns how many calls each upstream gets for one call of a caller */
function down(budgets: { readonly users: RetryBudgetInput; readonly orders: RetryBudgetInput }, more: Partial<GatewayInput> = {}) {
  const seen = { USERS: 0, ORDERS: 0, OTHER: 0 };
  const binding = (name: keyof typeof seen) => ({
    fetch: () => {
      seen[name] += 1;
      return Promise.resolve(DOWN());
    },
  });
  const quiet = { breaker: { mode: "off" as const }, throttle: { mode: "off" as const } };
  const services: GatewayInput["services"] = {
    "users.v1.UserService": { upstream: { binding: "USERS", retryBudget: budgets.users }, ...quiet },
    "orders.v1.OrderService": { upstream: { binding: "ORDERS", retryBudget: budgets.orders }, ...quiet },
  };
  const bindings = { USERS: binding("USERS"), ORDERS: binding("ORDERS"), OTHER: binding("OTHER") };
  const gateway = gatewayTo(DOWN, { defaults: { retries: { max: 3, baseMs: 1 } }, services, ...more }, bindings);
  return async (procedure: string) => {
    Object.assign(seen, { USERS: 0, ORDERS: 0, OTHER: 0 });
    const url = `https://gateway.example/${procedure}`;
    await gateway(new Request(url, { method: "POST", headers: { "content-type": "application/json" }, body: "{}" }));
    return { ...seen };
  };
}

it.each([
  ["none of an upstream without a budget, whatever another one has", { users: NONE, orders: GENEROUS }, 1, 4],
  ["as many as the policy says of one with a generous budget, whatever another one has", { users: GENEROUS, orders: NONE }, 4, 1],
])("retries %s", async (_, budgets, users, orders) => {
  const call = down(budgets);
  expect(await call("users.v1.UserService/GetUser")).toMatchObject({ USERS: users, ORDERS: 0 });
  expect(await call("orders.v1.OrderService/GetOrder")).toMatchObject({ USERS: 0, ORDERS: orders });
});

it("pays for retries of all methods of an upstream out of one budget", async () => {
  const call = down({ users: { percent: 0, minPerSecond: 1 }, orders: { percent: 0, minPerSecond: 1 } }); // three retries at the start
  expect(await call("users.v1.UserService/GetUser")).toMatchObject({ USERS: 4 });
  expect(await call("users.v1.UserService/ListUsers")).toMatchObject({ USERS: 1 });
  expect(await call("orders.v1.OrderService/GetOrder")).toMatchObject({ ORDERS: 4 });
  vi.setSystemTime(Date.now() + 2_000);
  expect(await call("users.v1.UserService/ListUsers")).toMatchObject({ USERS: 3 });
});

it("pays for retries at a fallback upstream out of the budget of that one", async () => {
  const fallback = { upstream: { binding: "OTHER", retryBudget: GENEROUS } };
  const call = down({ users: NONE, orders: NONE }, { defaults: { retries: { max: 3, baseMs: 1 }, fallback } });
  expect(await call("users.v1.UserService/GetUser")).toMatchObject({ USERS: 1, OTHER: 4 });
});

it.each([
  [NONE, 1],
  [GENEROUS, 4],
])("is set by the upstream %j, whichever method is compiled first", async (budget, calls) => {
  const methods = { GetUser: { retries: { max: 3, baseMs: 1 } }, ListUsers: { retries: { max: 3, baseMs: 2 } } };
  const services = {
    "users.v1.UserService": { upstream: { binding: "USERS", retryBudget: budget }, breaker: { mode: "off" as const }, methods },
  };
  for (const method of ["GetUser", "ListUsers"]) {
    let seen = 0;
    const gateway = gatewayTo(
      () => {
        seen += 1;
        return DOWN();
      },
      { services },
    );
    await gateway(unary(method));
    expect(seen).toBe(calls);
  }
});
