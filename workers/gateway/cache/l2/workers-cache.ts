// L2 driver for Workers Cache, the cache in front of an entrypoint of this Worker: near, tiered, and with one call for many at once.
// Deployed only: workerd has no such cache, and every read is a miss there. docs/caching.md lists what wrangler.toml needs.
//
// Nothing can be put into this cache: it stores responses to requests. So a write requests the block from the entrypoint while this
// isolate offers it there, and a read requests it while none is offered: a 404, which is not stored. Where the platform runs the
// entrypoint in another isolate, the write is lost.
import { WorkerEntrypoint } from "cloudflare:workers";
import { METADATA_HEADER } from "../../../../core/headers.ts";
import { type L2Block, parseMetadata } from "./codec.ts";
import type { L2Driver, UncheckedBlock } from "./l2-driver.ts";

const offered = new Map<string, OfferedBlock>(); // keyed by URL; only filled during a write

interface OfferedBlock {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly headers: Record<string, string>;
}

/** The entrypoint behind the cache. The Worker's entry exports it as `SharedCache`; it has no public URL. */
export class SharedCache extends WorkerEntrypoint {
  override fetch(request: Request): Response {
    const block = offered.get(request.url);
    if (block !== undefined) return new Response(block.bytes, { headers: block.headers });
    return new Response(null, { status: 404, headers: { "cache-control": "no-store" } });
  }
}

/** @param entrypoint `ctx.exports.SharedCache` */
export function workersCache(entrypoint: { fetch(url: string): Promise<Response> }): L2Driver {
  return {
    async read(id: string): Promise<UncheckedBlock | undefined> {
      const response = await entrypoint.fetch(urlOf(id));
      const metadata = response.headers.get(METADATA_HEADER);
      if (response.status === 200 && metadata !== null) return { buffer: await response.arrayBuffer(), metadata: parseMetadata(metadata) };
      await response.body?.cancel();
      return undefined;
    },
    async write(id: string, { bytes, metadata }: L2Block, now: number): Promise<void> {
      // Stored only while it is fresh: a copy in the cache would respond to the request of the next write.
      const freshS = Math.floor((metadata.f - now) / 1_000);
      if (freshS < 1) return;
      const url = urlOf(id);
      const headers = { "cache-control": `public, max-age=${freshS}`, [METADATA_HEADER]: JSON.stringify(metadata) };
      offered.set(url, { bytes, headers });
      try {
        await (await entrypoint.fetch(url)).arrayBuffer();
      } finally {
        offered.delete(url);
      }
    },
  };
}

function urlOf(id: string): string {
  return `https://cache.internal/${id}`;
}
