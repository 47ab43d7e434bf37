// What a host uses of the platform: the third argument of `fetch` of a Worker, or the context of a Durable Object. Node has none of it.

/** A span of the platform's traces. */
export interface HostSpan {
  readonly isTraced: boolean; // false: nobody reads what is written on it
  spanContext(): { readonly traceId: string; readonly spanId: string };
  setAttribute(name: string, value: string | number): unknown;
  setStatus(status: { readonly code: "error"; readonly message?: string }): unknown;
}

/** Each part may be missing: then the host does without it. */
export interface Platform {
  /** Of the service binding over which the call has come. */
  readonly props?: unknown;
  readonly tracing?: { enterSpan<T>(name: string, run: (span: HostSpan) => T): T };
  waitUntil?(work: Promise<unknown>): void;
}

/** Lets work go on after the response. A failure of it is its own matter. */
export function keepAlive(platform: Platform | undefined, work: Promise<unknown>): void {
  const settled = work.catch(() => undefined);
  platform?.waitUntil?.(settled);
}
