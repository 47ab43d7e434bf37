// What all routes share is that of the version before, where both say the same of it.
import { env } from "cloudflare:workers";
import { expect, it } from "vitest";
import type { GatewayInput } from "../../../../core/config/gateway.ts";
import { ByteBudget } from "../../../../core/overload/byte-budget.ts";
import { IsolateParts } from "../../../../workers/gateway/background/isolate-parts.ts";
import { keysOf, purgeViewOf, scopeOf, sharedParts } from "../../../../workers/gateway/background/shared-parts.ts";
import { readBindings } from "../../../../workers/gateway/configure/bindings.ts";
import { configure } from "../../../../workers/gateway/configure/configuration.ts";
import { withRelays } from "../../../support/relays.ts";
import { catalog } from "../../../support/shipped/catalog.ts";

const TAG_SECRET = "a-secret-of-tags-with-more-than-thirty-two-characters";
const memory = new ByteBudget({ maxBytes: 1_000_000 } as never);

function sharedBy(parts: IsolateParts, more: object = {}) {
  const input = {
    services: { "users.v1.UserService": { upstream: { binding: "USERS" } } },
    auth: { keys: { env: "test", tagSecrets: ["TAG_SECRET"] } },
    admin: { secretBinding: "ADMIN_SECRET" },
    purge: {},
    ...more,
  } as unknown as GatewayInput;
  const bindings = { ...env, ADMIN_SECRET: "a-secret-of-the-admin-plane-with-forty-characters", TAG_SECRET, ...withRelays({}) };
  const configuration = configure(input, catalog, bindings as never, {}, parts.version());
  const read = readBindings(configuration.env);
  const [purges, keys] = [purgeViewOf(configuration, read), keysOf(configuration)];
  const { auth, limiters, scope, types } = sharedParts(configuration, read, purges, keys, memory, undefined);
  const { overload } = configuration.policy;
  return { purges, keys, auth, leases: limiters.leased, scope, types, other: scopeOf("one", overload.isolate, configuration) };
}

it.each<[string, object, readonly string[]]>([
  ["nothing", {}, []],
  ["the keys of callers", { auth: { keys: { env: "live", tagSecrets: ["TAG_SECRET"] } } }, ["keys", "auth"]],
  ["purging", { purge: { strict: true } }, ["purges"]],
  ["the limits of the isolate", { overload: { maxInFlight: 77 } }, ["scope", "other"]],
  ["where buckets are", { rateLimitShards: 7 }, ["leases"]],
])("differs where the versions differ in %s", (_, more, differing) => {
  const parts = new IsolateParts();
  const [one, two] = [sharedBy(parts), sharedBy(parts, more)];
  const names = Object.keys(one) as (keyof typeof one)[];
  expect(names.filter((name) => one[name] !== two[name]).sort()).toEqual([...differing].sort());
  expect(Object.values(one)).not.toContain(undefined);
});
