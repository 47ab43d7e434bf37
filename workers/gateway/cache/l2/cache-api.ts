// The shared level in the Cache API: of one data centre, and without a price per call.
// Deployed, it keeps nothing on workers.dev and behind Access: a custom domain is needed.
import { METADATA_HEADER } from "../../../../core/headers.ts";
import { type L2Block, lifeMs } from "./codec.ts";
import type { L2Driver, UncheckedBlock } from "./l2-driver.ts";

const LONGEST_S = 31_536_000;

/** @param open the cache: a name of its own keeps it apart from what `fetch` caches */
export function cacheApi(open: () => Promise<Pick<Cache, "match" | "put">> = () => caches.open("tidegate")): L2Driver {
  return {
    async read(id: string): Promise<UncheckedBlock | undefined> {
      const found = await (await open()).match(urlOf(id));
      if (found === undefined) return undefined;
      return { buffer: await found.arrayBuffer(), metadata: parsed(found.headers.get(METADATA_HEADER)) };
    },
    async write(id: string, { bytes, metadata }: L2Block, now: number): Promise<void> {
      const headers = {
        "cache-control": `public, max-age=${Math.min(LONGEST_S, Math.ceil(lifeMs(metadata, now) / 1_000))}`,
        "content-type": "application/octet-stream",
        [METADATA_HEADER]: JSON.stringify(metadata),
      };
      await (await open()).put(urlOf(id), new Response(bytes, { headers }));
    },
  };
}

/** What can't be read is another version's, and no fault of the cache. */
function parsed(text: string | null): unknown {
  try {
    return JSON.parse(text ?? "null");
  } catch {
    return null;
  }
}

function urlOf(id: string): string {
  return `https://cache.internal/${id}`;
}
