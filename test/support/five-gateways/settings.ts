// What the gateways, their objects and their test share.
import type { JsonObject } from "../../../core/control/snapshot.ts";

export const SECRETS = { ADMIN_SECRET: "the secret of the operators of five gateways" };
export const VERSION_HEADER = "x-config-version";
export const POLL_MS = 250;
export const BUNDLED = "bundled";

/** A configuration that shows its name three times in a response: as it left the upstream, and in two fields of the response. */
export function configurationOf(name: string, others: JsonObject = {}): JsonObject {
  const { services, ...settings } = others;
  return {
    admin: { secretBinding: "ADMIN_SECRET" },
    control: { pollMs: POLL_MS, coldWaitMs: 2_000, kv: "CONFIGURATION" },
    overload: { mode: "off" },
    services: {
      "users.v1.UserService": {
        upstream: { binding: "OBJECTS" },
        requestHeaders: { set: { [VERSION_HEADER]: name } },
        responseHeaders: { set: { [VERSION_HEADER]: name, "x-again": name } },
      },
      ...((services ?? {}) as JsonObject),
    },
    ...settings,
  };
}
