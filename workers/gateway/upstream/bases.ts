// Where the upstream of a plain HTTP route is reached, for paths that are rewritten on their way.
import { type HttpRoutePolicy, rewriteOf } from "../../../core/config/http-route.ts";
import type { TargetInput } from "../../../core/config/target.ts";
import type { UpstreamBase } from "../../../core/path/prefix-rewrite.ts";
import type { RewriteSettings } from "../layers/rewrite-path.ts";
import { bindingBase } from "./destination.ts";

const UNKNOWN: UpstreamBase = { host: "", path: "" };

/** @param prefix of the route @returns undefined where paths are forwarded as they come */
export function rewriteSettings(prefix: string, policy: HttpRoutePolicy): RewriteSettings | undefined {
  const rewrite = rewriteOf(prefix, policy);
  if (rewrite === undefined) return undefined;
  const listed = policy.upstream.endpoints.map(({ target }) => baseOf(target));
  return { rewrite, bases: policy.upstream.registry ? [...listed, UNKNOWN] : listed, restores: policy.restorePrefix };
}

function baseOf(target: TargetInput): UpstreamBase {
  const { host, pathname } = new URL("url" in target ? target.url : bindingBase(target.binding));
  return { host, path: pathname.replace(/\/$/, "") };
}
