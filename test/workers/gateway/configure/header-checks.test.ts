// Values of header fields that do not fit the caches or the secrets of a gateway.
import { describe, expect, it } from "vitest";
import type { GatewayInput } from "../../../../core/config/gateway.ts";
import { describe as line } from "../../../../core/config/problems.ts";
import { InvalidConfiguration } from "../../../../workers/gateway/configure/configuration.ts";
import { gatewayTo, json } from "../../../support/gateway.ts";

function problems(input: Partial<GatewayInput>, bindings: Record<string, unknown> = {}): string[] {
  try {
    gatewayTo(() => json({}), input, bindings);
    return [];
  } catch (error) {
    if (error instanceof InvalidConfiguration) return error.problems.map(line);
    throw error;
  }
}

const CACHE = { l2: "none" as const };
const service = (settings: object): Partial<GatewayInput> => ({
  services: { "users.v1.UserService": { upstream: { binding: "USERS" }, ...settings } },
});

describe("header checks", () => {
  it("refuse facts of a caller in requests whose responses are stored for other callers", () => {
    const requestHeaders = { set: { "x-client": "{client.address}" } };
    expect(problems(service({ methods: { GetUser: { cache: CACHE, requestHeaders } } }))).toEqual([
      "requestHeaders of users.v1.UserService.GetUser: found {client.address} on a route with a cache; leave it out, or turn the cache of this route off: a stored response is for other callers, too",
    ]);
    expect(problems(service({ requestHeaders }))).toEqual([]);
    const route = { "/": { upstream: { binding: "USERS" }, cache: CACHE, requestHeaders: { add: { "x-id": "{request.id}" } } } };
    expect(problems({ httpRoutes: route })).toEqual([expect.stringMatching(/^requestHeaders of \/: found \{request\.id\}/)]);
    const fit = { set: { "x-route": "{route.name}", "x-stage": "prod" } };
    expect(problems(service({ methods: { GetUser: { cache: CACHE, requestHeaders: fit } } }))).toEqual([]);
  });

  it("do not mind methods that no cache serves", () => {
    expect(
      problems(
        service({
          cache: CACHE,
          methods: { GetUser: { cache: false }, ListUsers: { cache: false } },
          requestHeaders: { set: { "x-a": "{request.id}" } },
        }),
      ),
    ).toEqual([]);
  });

  it("name a secret that is missing, once, and one that no header can have", () => {
    const requestHeaders = { set: { authorization: "Bearer {secret.UPSTREAM_TOKEN}" } };
    const missing = problems(service({ requestHeaders }));
    expect(missing).toEqual([
      expect.stringMatching(/^requestHeaders of users.v1.UserService.\w+: found no secret of that name; set the secret UPSTREAM_TOKEN/),
    ]);
    expect(problems(service({ requestHeaders }), { UPSTREAM_TOKEN: "a\n" })).toEqual([
      expect.stringContaining("characters that no header can have"),
    ]);
    expect(problems(service({ requestHeaders }), { UPSTREAM_TOKEN: { fetch: 1 } })).toHaveLength(1);
    expect(problems(service({ requestHeaders }), { UPSTREAM_TOKEN: "abc" })).toEqual([]);
  });
});
