// The effective settings of a compiled route, by the policy that has been parsed with its sources.
import type { GatewayPolicy } from "../../../core/config/gateway.ts";
import type { Sources } from "../../../core/config/sources.ts";
import { builtInSettings, defaultSettings, settingsOf } from "../../../core/explain/route-settings.ts";
import type { EffectiveSetting } from "../../../core/explain/setting-value.ts";
import type { HandledRoute } from "../assemble.ts";

/** @param policy parsed while `sources` recorded */
export function routeSettings(policy: GatewayPolicy, sources: Sources, handled: HandledRoute): readonly EffectiveSetting[] {
  const { route, served } = handled;
  const { method } = route;
  const settings = settingsOf(
    policy,
    sources,
    method === undefined ? { kind: "http", prefix: route.path } : { kind: "rpc", service: method.parent.typeName, method: method.name },
  );
  if (settings !== undefined) return settings;
  // A service that the gateway brings itself.
  return served?.access === undefined ? defaultSettings(policy, sources) : builtInSettings(served.policy, policy, sources);
}
