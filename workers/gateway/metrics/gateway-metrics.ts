// The metrics of an isolate, for all versions of its configuration that count: what calls and attempts record, and what is read for a report.
import { type Collector, IsolateMetrics } from "../../../core/metrics/isolate-metrics.ts";
import type { VersionParts } from "../background/isolate-parts.ts";
import type { CallObserver } from "../call/end/call-end.ts";
import { limitKeys } from "../rate-limit/limit-keys.ts";
import type { Bindings } from "../upstream/destination.ts";
import { collectCallDelays, collectCosts, collectLimitKeys, collectPolicies } from "./collectors.ts";
import { RouteMetrics } from "./route-metrics.ts";
import { UpstreamMetrics } from "./upstream-metrics.ts";

export class GatewayMetrics {
  readonly isolate = new IsolateMetrics(() => crypto.randomUUID());
  readonly #routes = new Map<string, RouteMetrics>();
  readonly #upstreams = new Map<string, UpstreamMetrics>();

  /** @param secret of operators; hashes of the keys of limits depend on it */
  constructor(secret: string) {
    limitKeys.start(secret);
    this.isolate.collect(collectCosts);
    this.isolate.collect(collectLimitKeys);
    this.isolate.collect(collectPolicies);
    this.isolate.collect(collectCallDelays(this.isolate));
  }

  /** Counts the ends of calls. */
  readonly observe: CallObserver = (call, _status, now) => {
    const { name } = call.route;
    let route = this.#routes.get(name);
    if (route === undefined) {
      route = new RouteMetrics(this.isolate, name);
      this.#routes.set(name, route);
    }
    route.record(call, now);
  };

  /** Shared by pools of one name: those of several versions of the configuration. */
  upstream(name: string): UpstreamMetrics {
    let upstream = this.#upstreams.get(name);
    if (upstream === undefined) {
      upstream = new UpstreamMetrics(this.isolate, name);
      this.#upstreams.set(name, upstream);
    }
    return upstream;
  }

  /**
   * Reads a part of the isolate when a report is made, as long as a version of the configuration has it.
   *
   * @param name of the part
   * @param part as the version has it: that of other settings has a collector of its own
   */
  collectPart(name: string, part: object, collector: Collector, parts: VersionParts): void {
    parts.get(
      `metrics of ${name}`,
      numberOf(part),
      () => this.isolate.collect(collector),
      (remove) => remove(),
    );
  }
}

const numbers = new WeakMap<object, number>();
let numbered = 0;

function numberOf(part: object): number {
  const number = numbers.get(part) ?? ++numbered;
  numbers.set(part, number);
  return number;
}

/**
 * @param secret of operators, from which hashes of the keys of limits are made
 * @returns undefined where metrics are off, or no relay takes them: then calls count nothing
 */
export function metricsOf(isEnabled: boolean, secret: string, env: Bindings, parts: VersionParts): GatewayMetrics | undefined {
  if (!isEnabled || env["RELAY"] === undefined || env["TELEMETRY"] === undefined) return undefined;
  return parts.get("metrics", undefined, () => new GatewayMetrics(secret));
}

/** @returns a line for operators, or none where metrics are as the settings want them */
export function metricsWarning(isEnabled: boolean, env: Bindings): readonly string[] {
  const missing = Object.entries({ RELAY: "Relay", TELEMETRY: "Telemetry" }).filter(([binding]) => env[binding] === undefined);
  if (!isEnabled || missing.length === 0) return [];
  const classes = missing.map(([binding, name]) => `the Durable Object class ${name} as ${binding}`);
  return [`no metrics: bind ${classes.join(" and ")} in wrangler.toml`];
}
