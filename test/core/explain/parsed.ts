// A configuration parsed with its sources.
import { parsePolicy } from "../../../core/config/gateway.ts";
import { Sources } from "../../../core/config/sources.ts";

export const SERVICE = "users.v1.UserService";

/** @param service settings of the one service, whose methods are GetUser and ListUsers @param top other settings */
export function parsed(service: object = {}, top: object = {}) {
  const sources = new Sources();
  const input = { ...top, services: { [SERVICE]: { upstream: { binding: "USERS" }, ...service } } };
  const result = parsePolicy(input, new Map([[SERVICE, ["GetUser", "ListUsers"]]]), sources);
  if (result.kind !== "ok") throw new Error(JSON.stringify(result.problems));
  return { sources, policy: result.policy };
}

/** Settings by name: value and source. */
export const byName = (settings: readonly { readonly name: string; readonly value: unknown; readonly source: string }[]) =>
  Object.fromEntries(settings.map(({ name, value, source }) => [name, [value, source]]));
