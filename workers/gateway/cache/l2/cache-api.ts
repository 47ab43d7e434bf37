// L2 driver for the Cache API: one cache per data center, without a price per call.
// Deployed, it needs a custom domain: on workers.dev and behind Access it stores nothing.
import { METADATA_HEADER } from "../../../../core/headers.ts";
import { type L2Block, lifeMs, parseMetadata } from "./codec.ts";
import type { L2Driver, UncheckedBlock } from "./l2-driver.ts";

const MAX_AGE_S = 31_536_000;

/** @param open opens the cache; a name of its own separates it from the cache of `fetch` */
export function cacheApi(open: () => Promise<Pick<Cache, "match" | "put">> = () => caches.open("tidegate")): L2Driver {
  return {
    async read(id: string): Promise<UncheckedBlock | undefined> {
      const response = await (await open()).match(urlOf(id));
      if (response === undefined) return undefined;
      return { buffer: await response.arrayBuffer(), metadata: parseMetadata(response.headers.get(METADATA_HEADER)) };
    },
    async write(id: string, { bytes, metadata }: L2Block, now: number): Promise<void> {
      const headers = {
        "cache-control": `public, max-age=${Math.min(MAX_AGE_S, Math.ceil(lifeMs(metadata, now) / 1_000))}`,
        "content-type": "application/octet-stream",
        [METADATA_HEADER]: JSON.stringify(metadata),
      };
      await (await open()).put(urlOf(id), new Response(bytes, { headers }));
    },
  };
}

/** The Cache API needs a URL. No request is sent to it. */
function urlOf(id: string): string {
  return `https://cache.internal/${id}`;
}
