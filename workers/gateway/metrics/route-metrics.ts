// What the ends of calls add to the metrics of their route. Each call finds its cells without making an object.
import type { Counter, HistogramCell } from "../../../core/metrics/cells.ts";
import type { IsolateMetrics } from "../../../core/metrics/isolate-metrics.ts";
import { upstreamMsAt } from "../call/end/call-progress.ts";
import type { CacheLevel, Call } from "../call.ts";

/** The cells of calls that ended alike. */
interface Ends {
  readonly protocol: string;
  readonly method: string;
  readonly code: string;
  readonly reason: string;
  readonly calls: Counter;
  readonly duration: HistogramCell;
}

const METHODS = new Set(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"]);

export class RouteMetrics {
  readonly #metrics: IsolateMetrics;
  readonly #route: string;
  readonly #ends: Ends[] = []; // the most frequent ones come to the front
  readonly #upstream: HistogramCell;
  readonly #gateway: HistogramCell;
  readonly #requestBytes: Counter;
  readonly #responseBytes: Counter;
  readonly #levels: Partial<Record<CacheLevel, Counter>> = {};

  /** @param route its name; empty for calls that no route takes */
  constructor(metrics: IsolateMetrics, route: string) {
    this.#metrics = metrics;
    this.#route = route;
    this.#upstream = metrics.histogram("tidegate_call_upstream_duration", route);
    this.#gateway = metrics.histogram("tidegate_call_gateway_duration", route);
    this.#requestBytes = metrics.counter("tidegate_call_bytes", route, "request");
    this.#responseBytes = metrics.counter("tidegate_call_bytes", route, "response");
  }

  /** @param now epoch ms, the end of the call */
  record(call: Call, now: number): void {
    const { attempts, cacheLevel, receivedAt, headMs, requestBytes, responseBytes } = call;
    const { calls, duration } = this.#endsOf(call);
    calls.add(1);
    duration.record(now - receivedAt);
    const upstreamMs = attempts === 0 ? 0 : upstreamMsAt(call, now);
    if (attempts > 0) this.#upstream.record(upstreamMs);
    this.#gateway.record(headMs - upstreamMs);
    if (requestBytes > 0) this.#requestBytes.add(requestBytes);
    if (responseBytes > 0) this.#responseBytes.add(responseBytes);
    if (cacheLevel === "") return;
    let level = this.#levels[cacheLevel];
    if (level === undefined) {
      level = this.#metrics.counter("tidegate_cache_lookups", this.#route, cacheLevel);
      this.#levels[cacheLevel] = level;
    }
    level.add(1);
  }

  #endsOf({ protocol: { kind: protocol }, httpMethod, code, reason: exact }: Call): Ends {
    const reason: string = exact ?? "";
    const ends = this.#ends;
    for (let position = 0; position < ends.length; position++) {
      const found = ends[position]!;
      if (found.code !== code || found.reason !== reason || found.protocol !== protocol || found.method !== httpMethod) continue;
      if (position > 0) {
        ends[position] = ends[position - 1]!;
        ends[position - 1] = found;
      }
      return found;
    }
    if (!METHODS.has(httpMethod)) return this.#create(protocol, "other", code, reason); // a platform that lets such methods through
    const created = this.#create(protocol, httpMethod, code, reason);
    ends.push(created);
    return created;
  }

  #create(protocol: string, method: string, code: string, reason: string): Ends {
    const calls = this.#metrics.counter("tidegate_calls", this.#route, protocol, method, code, reason);
    return { protocol, method, code, reason, calls, duration: this.#metrics.histogram("tidegate_call_duration", this.#route, code) };
  }
}
