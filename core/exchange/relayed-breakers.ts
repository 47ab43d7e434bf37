// The breakers of one upstream in a relay: reports of its isolates, on their way to the Durable Object, and the latest views from there.
//
// Reports are sent on one by one, with their isolate and its location: how many isolates in how many locations see a fault is decided in
// one place. A view loses the time that it has spent in the relay, so its lease ends no later than for an isolate that had requested it.
import type { BreakerReport, BreakerView, IsolateReports, SharedViews } from "../breaker/report.ts";
import type { BreakerPolicy } from "../config/breaker.ts";
import type { ExchangeRequest, UpstreamReports } from "./messages.ts";
import { RootRequests } from "./root-requests.ts";

const TROUBLE_MS = 1_000; // interval of requests to the Durable Object while the state is about to change
const MAX_PENDING = 128; // isolates in one batch; of more, the latest. About 150 bytes for each endpoint that they report
const MAX_VIEWS = 2_000; // endpoints

/** A request to the Durable Object of the upstream. */
export interface BreakerRequest {
  readonly kind: "breakers";
  readonly upstream: string;
  readonly sequence: number;
  readonly sentAt: number; // epoch ms
  readonly batch: readonly IsolateReports[];
  readonly policy: BreakerPolicy;
}

interface RelayedView {
  readonly view: BreakerView;
  readonly sentAt: number; // epoch ms at which the relay sent the request: the lease begins there
}

export class RelayedBreakers {
  readonly #upstream: string;
  readonly #requests = new RootRequests();
  readonly #pending = new Map<string, IsolateReports>(); // keyed by isolate, the latest at the end; not sent yet
  readonly #views = new Map<string, RelayedView>(); // keyed by endpoint
  #probes: SharedViews["probes"] = {}; // granted by the latest response, and not passed on yet
  #probesSentAt = 0; // epoch ms

  constructor(upstream: string) {
    this.#upstream = upstream;
  }

  get requests(): RootRequests {
    return this.#requests;
  }

  /** Takes in the reports of one isolate. @returns the request that is due now, with a probe for this isolate where it wants one */
  receive(request: ExchangeRequest, { reports, policy }: UpstreamReports, now: number): BreakerRequest | undefined {
    const { isolate, location } = request;
    const known = this.#pending.get(isolate)?.reports ?? {};
    this.#pending.delete(isolate);
    this.#pending.set(isolate, { isolate, location, reports: { ...known, ...merged(known, reports) } });
    for (const oldest of this.#pending.keys()) {
      if (this.#pending.size <= MAX_PENDING) break;
      this.#pending.delete(oldest);
    }
    const all = Object.values(reports);
    const intervalMs = this.isSettled(reports, request.intervalMs, now) ? request.intervalMs : Math.min(TROUBLE_MS, request.intervalMs);
    // The result of a probe that arrives after its end is lost. There are at most `policy.probes` of them in all regions.
    if (!all.some(({ probe }) => probe !== undefined) && !this.#requests.isDue(now, intervalMs)) return undefined;
    // A probe is granted to the isolate that waits for this response: it would end before another one came back for it.
    const batch = [...this.#pending.values()].map((one) => (one.isolate === isolate ? one : withoutWishes(one)));
    this.#pending.clear();
    return { kind: "breakers", upstream: this.#upstream, sequence: this.#requests.start(now), sentAt: now, batch, policy };
  }

  apply({ sequence, sentAt }: BreakerRequest, { views, probes }: SharedViews): void {
    if (!this.#requests.succeed(sequence, sentAt)) return; // a later request has its response already
    for (const [endpoint, view] of Object.entries(views)) {
      const held = this.#views.get(endpoint);
      if (held !== undefined && view.version < held.view.version && sentAt < held.sentAt + held.view.leaseMs) continue;
      this.#views.delete(endpoint);
      this.#views.set(endpoint, { view, sentAt });
    }
    for (const [endpoint, { view }] of this.#views) {
      const isGone = view.kind !== "closed" && !(endpoint in views); // a response has all that are not closed
      if (isGone || this.#views.size > MAX_VIEWS) this.#views.delete(endpoint);
    }
    this.#probes = probes;
    this.#probesSentAt = sentAt;
  }

  /** A probe goes to the isolate that it was granted to, once, and only if its exchange began before the grant. */
  viewsFor(isolate: string, receivedAt: number, now: number): Readonly<Record<string, BreakerView>> {
    const probes = receivedAt <= this.#probesSentAt ? (this.#probes[isolate] ?? {}) : {};
    if (receivedAt <= this.#probesSentAt && isolate in this.#probes) {
      const { [isolate]: _, ...others } = this.#probes;
      this.#probes = others;
    }
    const views: Record<string, BreakerView> = {};
    for (const [endpoint, { view, sentAt }] of this.#views) {
      const ageMs = Math.max(0, now - sentAt);
      if (ageMs >= view.leaseMs) continue;
      const retryAfterMs = view.kind === "open" ? Math.max(1, view.retryAfterMs - ageMs) : view.retryAfterMs;
      views[endpoint] = { ...view, retryAfterMs, leaseMs: view.leaseMs - ageMs, probeId: probes[endpoint] };
    }
    return views;
  }

  /** Whether no breaker is about to change, as far as the views and these reports show. */
  isSettled(reports: Readonly<Record<string, BreakerReport>>, intervalMs: number, now: number): boolean {
    for (const [endpoint, report] of Object.entries(reports)) {
      const kind = this.#views.get(endpoint)?.view.kind ?? "closed";
      if (kind === "closed" && isFailing(report)) return false;
    }
    for (const { view, sentAt } of this.#views.values()) {
      if (view.kind === "half_open") return false;
      if (view.kind === "ramp" && now - sentAt < view.leaseMs) return false;
      if (view.kind === "open" && now - sentAt > view.leaseMs - intervalMs) return false;
    }
    return true;
  }
}

function isFailing({ isOpen, failures, hasRecovered = false }: BreakerReport): boolean {
  return isOpen || (failures > 0 && !hasRecovered);
}

/** A newer report replaces an older one that was not sent on; the result of a probe is kept. */
function merged(
  known: Readonly<Record<string, BreakerReport>>,
  reports: Readonly<Record<string, BreakerReport>>,
): Readonly<Record<string, BreakerReport>> {
  const newer = Object.entries(reports).filter(([endpoint, { sequence }]) => sequence > (known[endpoint]?.sequence ?? 0));
  return Object.fromEntries(
    newer.map(([endpoint, report]) => {
      const probe = report.probe ?? known[endpoint]?.probe;
      return [endpoint, probe === undefined ? report : { ...report, probe }] as const;
    }),
  );
}

function withoutWishes({ isolate, location, reports }: IsolateReports): IsolateReports {
  const entries = Object.entries(reports).map(([endpoint, report]) => [endpoint, { ...report, wantsProbe: false }] as const);
  return { isolate, location, reports: Object.fromEntries(entries) };
}
