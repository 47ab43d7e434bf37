// The pages of the gateway itself for those who may read its admin services: `/metrics`.
import { isAtHost } from "../../../core/auth/admin-host.ts";
import type { ByteBudget } from "../../../core/overload/byte-budget.ts";
import { admitsLocalViewers, isLocalViewer } from "../admin/local-viewer.ts";
import { accessFor } from "../admin/own-methods.ts";
import { readMetrics } from "../admin/telemetry/metrics-methods.ts";
import type { Authentication } from "../auth/authenticators.ts";
import { type Handler, type Stack, stack } from "../call/layer.ts";
import { httpRoute, type Route } from "../call/route.ts";
import type { GatewayBindings } from "../configure/bindings.ts";
import type { Configuration } from "../configure/configuration.ts";
import { adminPage } from "../pipeline.ts";
import { METRICS_PATH, metricsPage } from "./metrics-page.ts";

export interface HandledPage {
  readonly route: Route;
  readonly handle: Handler;
  readonly compiled: () => Handler; // `handle` itself
  /** The same layers, put around one another in another way. */
  readonly combined: (combine: Stack) => Handler;
  /** Whether it is at the host of a request; elsewhere its path may be that of another route. */
  readonly isAt: (request: Request, url: string) => boolean;
}

/** @returns pages keyed by path; none where nobody could read them */
export function adminPages(
  configuration: Configuration,
  { audits, telemetry: objects }: GatewayBindings,
  auth: Authentication,
  memory: ByteBudget,
): ReadonlyMap<string, HandledPage> {
  const { env, policy, reporter } = configuration;
  const { admin, metrics } = policy;
  const isForAdmins = admin !== undefined || metrics.tokenBinding !== undefined;
  if (objects === undefined || !metrics.enabled || !(isForAdmins || admitsLocalViewers(env))) return new Map();
  const access = accessFor(configuration, audits)("metrics", "metrics", "viewer");
  const page = metricsPage(() => readMetrics({ objects, reporter }), !admitsLocalViewers(env));
  const combined = (combine: Stack) => adminPage(access, { auth }, page, combine);
  const isAt = (request: Request, url: string): boolean =>
    (isForAdmins && (admin?.host === undefined || isAtHost(url, admin.host))) || isLocalViewer(request, env);
  const route = httpRoute(METRICS_PATH, { maxBodyBytes: 0 }, memory);
  const handle = combined(stack);
  return new Map([[METRICS_PATH, { route, handle, compiled: () => handle, combined, isAt }]]);
}
