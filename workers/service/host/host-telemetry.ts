// What a host reports of its calls: metrics where its environment binds the gateway's relays, and nothing at all without them.

import type { HostAdmission } from "./host-admission.ts";
import { HostMetrics } from "./host-metrics.ts";
import { HostReporter, type RelayNamespace } from "./host-reporter.ts";
import type { Platform } from "./platform.ts";
import type { ServedCall } from "./served-call.ts";

export class HostTelemetry {
  readonly metrics: HostMetrics;
  readonly #reporter: HostReporter;

  constructor(service: string, admission: HostAdmission, relays: RelayNamespace) {
    this.metrics = new HostMetrics(service, admission);
    this.#reporter = new HostReporter(this.metrics.isolate, relays);
  }

  ended(
    route: string,
    call: ServedCall,
    request: Pick<Request, "headers">,
    platform: Platform | undefined,
    startedAt: number,
    now: number,
  ): void {
    this.metrics.ended(route, call, startedAt, now);
    this.#reporter.changed(request, platform, now);
  }

  refused(
    route: string,
    code: string,
    reason: string,
    request: Pick<Request, "headers">,
    platform: Platform | undefined,
    now: number,
  ): void {
    this.metrics.refused(route, code, reason);
    this.#reporter.changed(request, platform, now);
  }
}

/**
 * @param service name of the host in its gauges
 * @returns undefined where metrics are off, or the environment has no namespace of relays as `RELAY`: then calls count nothing
 */
export function telemetryOf(isOn: boolean, service: string, admission: HostAdmission, env: unknown): HostTelemetry | undefined {
  const relays = (env as { readonly RELAY?: Partial<RelayNamespace> } | null | undefined)?.RELAY;
  if (!isOn || typeof relays?.getByName !== "function") return undefined;
  return new HostTelemetry(service, admission, relays as RelayNamespace);
}
