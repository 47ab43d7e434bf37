// A gateway whose versions come from a control plane of its own, over real Durable Objects, with relays that can fail.
import { env } from "cloudflare:workers";
import { vi } from "vitest";
import { hexOf, sha256 } from "../../core/auth/sha256.ts";
import { type JsonObject, snapshotText } from "../../core/control/snapshot.ts";
import type { CanaryShare } from "../../core/control/version.ts";
import type { ExchangeReply, ExchangeRequest } from "../../core/exchange/messages.ts";
import { ExchangeServer, type RelayBindings } from "../../durable-objects/relay/exchange-server.ts";
import { versionedApp } from "../../workers/gateway/control/versioned-app.ts";
import { userFor } from "./gateway.ts";
import { catalog } from "./shipped/catalog.ts";

export const SECRET = "a-secret-of-the-admin-plane-with-forty-characters";
const ALL = ["TOKEN_BUCKET", "HASH_RING", "CIRCUIT_BREAKER", "PURGE_LOG", "KEY_STORE", "AUDIT_LOG"] as const;

/** A configuration that says of itself who it is: upstreams see the field. */
export function configuration(name: string, more: JsonObject = {}): JsonObject {
  return {
    admin: { secretBinding: "ADMIN_SECRET" },
    control: { coldWaitMs: 10_000, pollMs: 100 },
    services: { "users.v1.UserService": { upstream: { binding: "USERS" }, requestHeaders: { set: { "x-config": name } } } },
    ...more,
  };
}

export function snapshotOf(input: JsonObject) {
  const text = snapshotText({ format: 1, configuration: input, descriptors: [], layers: [] });
  return { digest: hexOf(sha256(new TextEncoder().encode(text))), text, descriptors: {} };
}

export function versionedGateway(bundled: JsonObject, bindings: Record<string, unknown> = {}) {
  const plane = env.CONTROL_PLANE.getByName(`versions-${crypto.randomUUID()}`);
  const objects = Object.fromEntries(ALL.map((name) => [name, (env as unknown as Record<string, unknown>)[name]]));
  const roots = { ...objects, CONTROL_PLANE: { getByName: () => plane } };
  const state = { isDown: false, hangsFor: undefined as Promise<void> | undefined, exchanges: 0, calls: 0 };
  const relay = new ExchangeServer(roots as unknown as RelayBindings, Date.now());
  const RELAY = {
    getByName: () => ({
      async exchange(request: ExchangeRequest): Promise<ExchangeReply> {
        state.exchanges += 1;
        if (state.isDown) throw new Error("the relay is down");
        await state.hangsFor;
        return relay.exchange(request);
      },
      keys: (question: never) => relay.keys(question),
    }),
  };
  const seen: string[] = [];
  const fetch = async (url: string, init: RequestInit) => {
    const request = new Request(url, init);
    state.calls += 1;
    seen.push(request.headers.get("x-config") ?? "");
    return userFor(request);
  };
  const app = versionedApp(bundled as never, catalog, { ...roots, RELAY, USERS: { fetch }, ADMIN_SECRET: SECRET, ...bindings } as never);
  const call = async (headers: Record<string, string> = {}): Promise<string> => {
    const response = await app.fetch(
      new Request("https://gateway.example/users.v1.UserService/GetUser", {
        method: "POST",
        headers: { "content-type": "application/json", ...headers },
        body: "{}",
      }),
    );
    await response.arrayBuffer();
    return response.ok ? seen.at(-1)! : `status ${response.status}`;
  };
  const admin = async (method: string, body: object): Promise<{ status: number; body: Record<string, unknown> }> => {
    const response = await app.fetch(
      new Request(`https://gateway.example/${method}`, {
        method: "POST",
        headers: { "content-type": "application/json", authorization: `Bearer ${SECRET}` },
        body: JSON.stringify(body),
      }),
    );
    return { status: response.status, body: await response.json() };
  };
  const base = async () => ({ expected: (await plane.status()).sequence, author: "a test", reason: "because" });
  return {
    ...{ app, state, plane, call, admin },
    publish: async (input: JsonObject, share?: CanaryShare) => await plane.publish(await base(), snapshotOf(input), share),
    rollback: async (to?: number) => await plane.rollback(await base(), to),
    promote: async () => await plane.promote(await base()),
    /** Calls until the configuration of this name serves. */
    until: async (name: string, headers: Record<string, string> = {}) =>
      vi.waitUntil(async () => (await call(headers)) === name, { timeout: 20_000, interval: 20 }),
  };
}
