// Retries through two gateways, one behind the other: together they make as many attempts as one of them alone.
import { expect, it } from "vitest";
import type { GatewayInput } from "../../core/config/gateway.ts";
import { AUTH, bearer, idOf } from "../support/callers.ts";
import { gatewayTo, json, unary } from "../support/gateway.ts";

/** Two gateways in front of an upstream that fails with `codes`, one after the other. */
function chain(codes: readonly string[], inner: Partial<GatewayInput>) {
  const attempts: (string | null)[] = [];
  const service = {
    upstream: { binding: "USERS", retryBudget: { minPerSecond: 100 } },
    breaker: { mode: "off" as const },
    throttle: { mode: "off" as const },
  };
  const services = { "users.v1.UserService": service };
  const last = gatewayTo(
    ({ headers }) => {
      attempts.push(headers.get("tidegate-attempt"));
      const code = codes[attempts.length - 1] ?? codes.at(-1)!;
      return json({ code, message: "down" }, { status: code === "aborted" ? 409 : 503 });
    },
    { defaults: { retries: { max: 2, baseMs: 1 } }, services, ...inner },
  );
  const first = gatewayTo((request) => last(request), {
    defaults: { retries: { max: 2, baseMs: 1, codes: ["unavailable", "aborted"] } },
    services,
  });
  return { first, attempts };
}

it("repeats nothing at the first gateway what the second one has repeated as often as it may", async () => {
  const { first, attempts } = chain(["unavailable"], {});
  expect((await first(unary("GetUser"))).status).toBe(503);
  expect(attempts).toEqual([null, "2", "3"]);
});

it.each([
  ["nothing at a gateway that trusts the one before it", { auth: AUTH, overload: { trusted: [idOf("front")] } }, [null, "2"]],
  ["as often as it may at a gateway that does not", {}, [null, null, "2", "3"]],
])("repeats further attempts %s", async (_, inner, expected) => {
  const { first, attempts } = chain(["aborted", "unavailable"], inner);
  await first(unary("GetUser", {}, await bearer("front")));
  expect(attempts.slice(0, expected.length)).toEqual(expected);
});
