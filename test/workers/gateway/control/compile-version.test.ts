// One version of the configuration, compiled.
import { expect, it } from "vitest";
import { IsolateParts } from "../../../../workers/gateway/background/isolate-parts.ts";
import { InvalidConfiguration } from "../../../../workers/gateway/configure/configuration.ts";
import { compileVersion } from "../../../../workers/gateway/control/compile-version.ts";
import { catalog } from "../../../support/shipped/catalog.ts";

const services = (binding: string, more: object = {}) =>
  ({ services: { "users.v1.UserService": { upstream: { binding }, ...more } }, discovery: false }) as never;
const source = () => ({
  catalog,
  bindings: { USERS: { fetch }, OTHER: { fetch } } as never,
  extensions: {},
  parts: new IsolateParts(),
  collector: () => undefined,
});

it("leaves nothing in the isolate where it cannot be compiled", () => {
  const from = source();
  const good = compileVersion("a", services("USERS"), from);
  const parts = from.parts.size;
  expect(() => compileVersion("b", services("MISSING"), from)).toThrow(InvalidConfiguration);
  expect(from.parts.size).toBe(parts);
  good.release();
  expect(from.parts.size).toBe(0);
});

it("shares the upstreams of another version that says the same of them, and what is known of the others", () => {
  const from = source();
  const upstreamOf = (version: ReturnType<typeof compileVersion>) => [...version.configuration.endpoints.values()][0]!.upstream;
  const one = compileVersion("a", services("USERS"), from);
  const same = compileVersion("b", services("USERS", { methods: { GetUser: { readTimeoutMs: 1_000 } } }), from);
  const other = compileVersion("c", services("OTHER"), from);
  expect(upstreamOf(same)).toBe(upstreamOf(one));
  expect(upstreamOf(other)).not.toBe(upstreamOf(one));
  expect(upstreamOf(other).retryBudget).toBe(upstreamOf(one).retryBudget);
});
