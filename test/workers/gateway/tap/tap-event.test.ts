// Which protocol the live tap names for a call. What an event has and has not is in test/workers/gateway/admin/telemetry/tap.test.ts.
import { expect, it } from "vitest";
import { protocolOf } from "../../../../workers/gateway/tap/tap-event.ts";

it.each([
  ["rest", {}, "rest"],
  ["rest", undefined, "http"],
  ["grpc_web", {}, "grpc_web"],
  ["connect_unary", {}, "connect"],
])("names the protocol of %s, where the route's method is %o: %s", (kind, method, shown) => {
  expect(protocolOf({ protocol: { kind }, route: { method } } as never)).toBe(shown);
});
