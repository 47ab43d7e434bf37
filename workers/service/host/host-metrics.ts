// The metrics of a service host: what its calls add, and what is read when a report is made. They are those of the gateway's table.
import type { Counter, HistogramCell } from "../../../core/metrics/cells.ts";
import { IsolateMetrics } from "../../../core/metrics/isolate-metrics.ts";
import type { HostAdmission } from "./host-admission.ts";
import type { ServedCall } from "./served-call.ts";

/** The cells of one method. */
interface MethodCells {
  readonly service: string;
  readonly method: string;
  readonly duration: HistogramCell;
  readonly requestBytes: Counter;
  readonly responseBytes: Counter;
  readonly ends: Map<string, Counter>; // keyed by code and reason
}

export class HostMetrics {
  readonly isolate = new IsolateMetrics(() => crypto.randomUUID());
  readonly #methods = new Map<string, MethodCells>(); // keyed by route: a bounded set, that of the methods that are served

  /** @param service name of the host in its gauges: its first service */
  constructor(service: string, { load, streams }: HostAdmission) {
    this.isolate.collect((to) => {
      const now = Date.now();
      to.gauge("tidegate_service_calls_in_flight", load.inFlight(now), service);
      to.gauge("tidegate_service_streams_open", streams.open(now), service);
    });
  }

  /** A call has ended. @param route of a method that is served; empty for any other path */
  ended(route: string, { code, requestBytes, responseBytes }: ServedCall, startedAt: number, now: number): void {
    const cells = this.#cellsOf(route);
    this.#count(cells, code, "");
    cells.duration.record(Math.max(0, now - startedAt));
    cells.requestBytes.add(requestBytes);
    cells.responseBytes.add(responseBytes);
  }

  /** A call was refused before any work. @param reason value of `SHED_HEADER`, or `identity` */
  refused(route: string, code: string, reason: string): void {
    this.#count(this.#cellsOf(route), code, reason);
  }

  #count({ service, method, ends }: MethodCells, code: string, reason: string): void {
    const key = reason === "" ? code : `${code} ${reason}`;
    let calls = ends.get(key);
    if (calls === undefined) {
      calls = this.isolate.counter("tidegate_service_calls", service, method, code, reason);
      ends.set(key, calls);
    }
    calls.add(1);
  }

  #cellsOf(route: string): MethodCells {
    const known = this.#methods.get(route);
    if (known !== undefined) return known;
    const [service = "", method = ""] = route.split("/");
    const cells: MethodCells = {
      service,
      method,
      duration: this.isolate.histogram("tidegate_service_call_duration", service, method),
      requestBytes: this.isolate.counter("tidegate_service_call_bytes", service, "request"),
      responseBytes: this.isolate.counter("tidegate_service_call_bytes", service, "response"),
      ends: new Map(),
    };
    this.#methods.set(route, cells);
    return cells;
  }
}
