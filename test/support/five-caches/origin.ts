// What five gateways share: the Durable Object of their purges, a relay for each region, and an origin whose paths say what it does, and
// which counts. A relay is 8 ms away from its gateways, and 80 or 160 ms from the log.
import type { PurgeDelta, PurgeMode, PurgeTarget } from "../../../core/cache/purge/purges.ts";
import type { ExchangeRequest } from "../../../core/exchange/messages.ts";
import type { PurgeLog } from "../../../durable-objects/purge-log.ts";
import { Relay as ShippedRelay } from "../../../durable-objects/relay.ts";

export { PurgeLog } from "../../../durable-objects/purge-log.ts";

const RELAY_MS = 8; // round trip
const LOG_MS = { weur: 80, oc: 160 } as const; // round trip from a relay to the log, by region

interface Env {
  readonly PURGE_LOG: DurableObjectNamespace<PurgeLog>;
  readonly RELAY: DurableObjectNamespace<Relay>;
}

/** A relay that is as far from the log as its region. */
export class Relay extends ShippedRelay {
  constructor(ctx: DurableObjectState, env: Cloudflare.Env) {
    const ms = ctx.id.name?.startsWith("oc/") === true ? LOG_MS.oc : LOG_MS.weur;
    const getByName = (name: string) => ({
      since: (known: number) => distant(ms, async (): Promise<PurgeDelta> => await env.PURGE_LOG.getByName(name).since(known)),
    });
    super(ctx, { ...env, PURGE_LOG: { getByName } } as unknown as Cloudflare.Env);
  }
}

/** Half of the round trip before the call, and half after it. */
async function distant<T>(ms: number, call: () => Promise<T>): Promise<T> {
  await scheduler.wait(ms / 2);
  const response = await call();
  await scheduler.wait(ms / 2);
  return response;
}

const counts = new Map<string, number>();
const state = { version: 1, isDown: false, isSilent: false };

export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    const { pathname, searchParams } = new URL(request.url);
    const log = env.PURGE_LOG.getByName("all");
    if (pathname.startsWith("/relay/")) {
      const [exchange] = await request.json<[ExchangeRequest]>();
      return Response.json(await distant(RELAY_MS, () => env.RELAY.getByName(pathname.slice("/relay/".length)).exchange(exchange)));
    }
    if (pathname === "/log/append") return Response.json(await log.append(...(await request.json<[PurgeTarget[], PurgeMode, number]>())));
    if (pathname === "/control/set") return Response.json(Object.assign(state, await request.json()));
    if (pathname === "/control/count") return Response.json(counts.get(searchParams.get("path")!) ?? 0);

    counts.set(pathname, (counts.get(pathname) ?? 0) + 1);
    const { version, isDown, isSilent } = state;
    const slowMs = Number(/slow-(\d+)/.exec(pathname)?.[1] ?? 0);
    if (slowMs > 0) await scheduler.wait(slowMs);
    if (isSilent && pathname.startsWith("/hasty/")) await scheduler.wait(20_000);
    if (isDown) return new Response("down", { status: 503 });
    const bytes = Number(/bytes-(\d+)/.exec(pathname)?.[1] ?? 0);
    return new Response(bytes > 0 ? new Uint8Array(bytes) : `v${version}`);
  },
};
