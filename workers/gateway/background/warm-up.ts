// Starts the polls of all endpoint lists with the first call of an isolate, so that no later call has to wait for a list.
import { waitUntil } from "cloudflare:workers";
import type { Upstream } from "../upstream/upstream.ts";

/** @returns what each call runs; only the first run does something */
export function warmUp(upstreams: ReadonlySet<Pick<Upstream, "prefetch">>): () => void {
  let isCold = true;
  return () => {
    if (!isCold) return;
    isCold = false;
    for (const upstream of upstreams) {
      const poll = upstream.prefetch();
      if (poll !== undefined) waitUntil(poll);
    }
  };
}
