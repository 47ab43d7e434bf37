// What a new isolate does with its first call, whichever it is: it asks for the lists of all services, so that no later call waits for one.
import { waitUntil } from "cloudflare:workers";
import type { Upstream } from "./upstream.ts";

/** @returns what to do with each call; it does something once */
export function warmUp(upstreams: ReadonlySet<Upstream>): () => void {
  let isCold = true;
  return () => {
    if (!isCold) return;
    isCold = false;
    for (const { prefetch } of upstreams) {
      const asking = prefetch?.();
      if (asking !== undefined) waitUntil(asking);
    }
  };
}
