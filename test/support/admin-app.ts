// A gateway with the admin services of the cache and of the audit, each time with an empty audit log.
import { env } from "cloudflare:workers";
import { createApp } from "../../workers/gateway/app.ts";
import { catalog } from "./shipped/catalog.ts";

export const ADMIN_SECRET = "a secret of at least 32 characters, for admins";
export const LIST_AUDIT = "tidegate.admin.v1.AdminService/ListAuditEvents";
export const PURGE = "tidegate.cache.v1.CacheService/Purge";
let logs = 0;

/** @returns a function that calls a method with the secret of admins, unless other headers say so; `cf` is what the edge adds */
export function adminApp(input: object = {}, bindings: object = {}) {
  const services = { "users.v1.UserService": { upstream: { binding: "USERS" } } };
  const config = { services, admin: { secretBinding: "ADMIN_SECRET" }, purge: { pollMs: 600_000 }, ...input };
  const log = env.AUDIT_LOG.getByName(`audit-${logs++}-${crypto.randomUUID()}`);
  const created = createApp(config as never, catalog, { ...env, AUDIT_LOG: { getByName: () => log }, ADMIN_SECRET, ...bindings } as never);
  return async (
    procedure: string,
    body: object,
    headers: Record<string, string | undefined> = {},
    host = "gateway.example",
    cf?: object,
  ) => {
    const usual = { "content-type": "application/json", authorization: `Bearer ${ADMIN_SECRET}`, "cf-connecting-ip": "192.0.2.7" };
    const sent = new Headers(usual);
    for (const [name, value] of Object.entries(headers)) value === undefined ? sent.delete(name) : sent.set(name, value);
    const response = await created.fetch(
      new Request(`https://${host}/${procedure}`, {
        method: "POST",
        body: JSON.stringify(body),
        headers: sent,
        ...(cf && { cf }),
      } as RequestInit),
    );
    return { status: response.status, body: (await response.json()) as Record<string, unknown> & { events: Record<string, string>[] } };
  };
}
