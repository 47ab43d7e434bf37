// The shared level in Workers Cache, which stands before an entrypoint of this Worker: near, tiered, and one call for many at once.
// Deployed only: workerd alone has no such cache, and every read is a miss there. What wrangler.toml needs is in docs/caching.md.
//
// It keeps answers to requests, and nothing is put into it. So a write asks for the block while this isolate holds it out,
// and a read asks for it while nobody does: a 404, which is not kept. Where the platform runs the entrypoint in another isolate, the write is lost.

import { WorkerEntrypoint } from "cloudflare:workers";
import { METADATA_HEADER } from "../../../../core/headers.ts";
import type { L2Block } from "./codec.ts";
import type { L2Driver, UncheckedBlock } from "./l2-driver.ts";

const held = new Map<string, Held>(); // by URL, while it is written

interface Held {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly headers: Record<string, string>;
}

/** What the cache stands before; exported by the Worker's entry as `SharedCache`, and not reachable from outside. */
export class SharedCache extends WorkerEntrypoint {
  override fetch(request: Request): Response {
    const block = held.get(request.url);
    if (block !== undefined) return new Response(block.bytes, { headers: block.headers });
    return new Response(null, { status: 404, headers: { "cache-control": "no-store" } });
  }
}

/** @param entrypoint `ctx.exports.SharedCache` */
export function workersCache(entrypoint: { fetch(url: string): Promise<Response> }): L2Driver {
  return {
    async read(id: string): Promise<UncheckedBlock | undefined> {
      const found = await entrypoint.fetch(urlOf(id));
      const metadata = found.headers.get(METADATA_HEADER);
      if (found.status === 200 && metadata !== null) return { buffer: await found.arrayBuffer(), metadata: JSON.parse(metadata) };
      await found.body?.cancel();
      return undefined;
    },
    async write(id: string, { bytes, metadata }: L2Block, now: number): Promise<void> {
      // Kept while it is fresh: a copy that stands there still would answer the write itself.
      const freshS = Math.floor((metadata.f - now) / 1_000);
      if (freshS < 1) return;
      const url = urlOf(id);
      held.set(url, { bytes, headers: { "cache-control": `public, max-age=${freshS}`, [METADATA_HEADER]: JSON.stringify(metadata) } });
      try {
        await (await entrypoint.fetch(url)).arrayBuffer();
      } finally {
        held.delete(url);
      }
    },
  };
}

function urlOf(id: string): string {
  return `https://cache.internal/${id}`;
}
