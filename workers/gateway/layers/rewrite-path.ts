// Rewrites the prefix of paths for the upstream of a plain HTTP route, and restores it in what the upstream responds.
import { type PrefixRewrite, restoredCookie, restoredLocation, rewritten, type UpstreamBase } from "../../../core/path/prefix-rewrite.ts";
import type { Layer } from "../call/layer.ts";

export interface RewriteSettings {
  readonly rewrite: PrefixRewrite;
  readonly bases: readonly UpstreamBase[]; // where the upstream is reached
  readonly restores: boolean; // whether paths in responses get the prefix of callers
}

/** Below the cache: its keys are the paths of callers. @returns undefined for a route whose paths are forwarded as they come */
export function rewritePath(settings: RewriteSettings | undefined): Layer | undefined {
  if (settings === undefined) return undefined;
  const { rewrite, bases, restores } = settings;
  const prefix = rewrite.from.slice(0, -1);
  const isStated = !restores && prefix !== "" && rewrite.from !== rewrite.to;
  return (next) => async (call) => {
    const { outgoing } = call;
    outgoing.path = rewritten(outgoing.path, rewrite);
    // An upstream that reads it writes the prefix into its responses itself. Restored as well, they would have it twice.
    if (isStated) outgoing.headers.set("x-forwarded-prefix", prefix);
    const response = await next(call);
    if (restores) restore(response.headers, rewrite, bases);
    return response;
  };
}

function restore(headers: Headers, rewrite: PrefixRewrite, bases: readonly UpstreamBase[]): void {
  for (const name of ["location", "content-location"]) {
    const value = headers.get(name);
    if (value !== null) headers.set(name, restoredLocation(value, rewrite, bases));
  }
  const cookies = headers.getSetCookie();
  if (cookies.length === 0) return;
  headers.delete("set-cookie");
  for (const cookie of cookies) headers.append("set-cookie", restoredCookie(cookie, rewrite, bases));
}
