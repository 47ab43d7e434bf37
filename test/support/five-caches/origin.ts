// What five gateways share: the Durable Object of their purges, and an origin whose paths say what it does, and which counts.
import type { PurgeMode, PurgeTarget } from "../../../core/cache/purge/purges.ts";
import type { PurgeLog } from "../../../durable-objects/purge-log.ts";

export { PurgeLog } from "../../../durable-objects/purge-log.ts";

const counts = new Map<string, number>();
const state = { version: 1, isDown: false, isSilent: false };

export default {
  async fetch(request: Request, env: { readonly PURGE_LOG: DurableObjectNamespace<PurgeLog> }): Promise<Response> {
    const { pathname, searchParams } = new URL(request.url);
    const log = env.PURGE_LOG.getByName("all");
    if (pathname === "/log/since") return Response.json(await log.since(...(await request.json<[number]>())));
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
