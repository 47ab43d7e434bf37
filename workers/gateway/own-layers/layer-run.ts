// One run of a team's own layer for one call: `next` works once, what the layer throws is its own fault, and the call ends in time.
import { printable } from "../../../core/protocol/printable.ts";
import { Rejected } from "../../../core/rejection.ts";
import { logEvent } from "../../log.ts";
import { madeHere } from "../call/outcome.ts";
import { type Call, logFactsOf } from "../call.ts";
import { isLayerRefusal, type LayerCall, type LayerHandler } from "../layer.ts";

const MAX_MESSAGE = 512; // characters of a refusal that a caller reads
/** Time for a layer to return after its deadline has passed in the layers below it: it has yet to pass on what they have thrown. */
const LATE_GRACE_MS = 50;

/** `before`: `next` has not been called. `below`: the call is in the layers below, which end it in time. `after`: they are done with it. */
type Stage = "before" | "below" | "after";

export class LayerRun {
  readonly #name: string;
  readonly #call: Call;
  readonly #next: () => Promise<Response>;
  readonly #ended = Promise.withResolvers<Response>();
  #stage: Stage = "before";
  #isOver = false;
  #passed: { readonly error: unknown } | undefined; // what the layers below have thrown
  #inner: Response | undefined; // what they have responded
  #watched: AbortSignal | null = null;

  /** @param next hands the call to the layers below */
  constructor(name: string, call: Call, next: () => Promise<Response>) {
    this.#name = name;
    this.#call = call;
    this.#next = next;
  }

  /** @throws Rejected where the layer refuses the call or fails; what the layers below have thrown, where the layer lets it through */
  async handle(handler: LayerHandler, seen: LayerCall): Promise<Response> {
    const { promise, resolve, reject } = this.#ended;
    try {
      Promise.resolve(handler(seen, this.#below)).then(resolve, reject);
      this.#watch();
      return this.#checked(await promise);
    } catch (error) {
      throw this.#rejectionOf(error);
    } finally {
      this.#isOver = true;
      this.#watched?.removeEventListener("abort", this.#onAbort);
    }
  }

  readonly #below = (): Promise<Response> => {
    if (this.#isOver) return refused("called next after it had returned; await next, or do not call it");
    if (this.#stage !== "before") return refused("called next twice; a call is made once, and `retries` repeats it");
    this.#stage = "below";
    const inner = this.#next().then(
      (response) => {
        if (this.#isOver) void response.body?.cancel().catch(() => undefined); // the layer has responded without it
        this.#inner = response;
        this.#leave();
        return response;
      },
      (error: unknown) => {
        this.#passed = { error };
        this.#leave();
        throw error;
      },
    );
    inner.catch(() => undefined); // a layer may respond without waiting for it
    return inner;
  };

  #leave(): void {
    this.#stage = "after";
    if (!this.#isOver) this.#watch();
  }

  /** Ends a layer that is still busy when its call is over. While the call is in the layers below, they end it. */
  #watch(): void {
    const { signal } = this.#call;
    if (signal === null || this.#stage === "below") return;
    if (signal.aborted) setTimeout(this.#onAbort, LATE_GRACE_MS);
    else if (this.#watched === null) signal.addEventListener("abort", this.#onAbort, { once: true });
    this.#watched ??= signal;
  }

  readonly #onAbort = (): void => {
    if (this.#isOver || this.#stage === "below") return;
    const { deadlineAt, receivedAt } = this.#call;
    void this.#inner?.body?.cancel().catch(() => undefined); // it may be locked
    const isLate = Date.now() >= deadlineAt;
    if (isLate) this.#log(new Error("the layer was still busy at the deadline of the call"));
    this.#ended.reject(
      new Rejected(isLate ? { kind: "deadline_exceeded", stage: "layer", timeoutMs: deadlineAt - receivedAt } : { kind: "caller_gone" }),
    );
  };

  #checked(response: unknown): Response {
    if (!(response instanceof Response)) throw new TypeError(`returned ${response === null ? "null" : typeof response}; return a Response`);
    if (response === this.#inner) return response;
    if (response.bodyUsed) throw new TypeError("returned a response whose body it has read; return a new Response");
    const own = new Response(response.body, response); // the headers of a fetched response cannot be changed
    return this.#inner === undefined ? madeHere(this.#call, "layer_response", own) : own;
  }

  #rejectionOf(error: unknown): unknown {
    if (error instanceof Rejected || error === this.#passed?.error) return error;
    const layer = this.#name;
    if (isLayerRefusal(error)) {
      const { code, message } = error;
      const retryAfterMs = error.retryAfterMs === undefined ? undefined : boundedMs(error.retryAfterMs);
      return new Rejected({ kind: "layer_refused", layer, code, message: printable(message, MAX_MESSAGE), retryAfterMs });
    }
    this.#log(error);
    return new Rejected({ kind: "layer_failed", layer });
  }

  #log(error: unknown): void {
    logEvent("layer_failed", { ...logFactsOf(this.#call), layer: this.#name, error });
  }
}

function refused(problem: string): Promise<never> {
  const refusal = Promise.reject(new TypeError(problem));
  refusal.catch(() => undefined); // a layer may leave it alone
  return refusal;
}

const LONGEST_RETRY_MS = 86_400_000;

/** @returns whole ms, in [0, one day] */
function boundedMs(ms: number): number {
  return Number.isNaN(ms) ? 0 : Math.ceil(Math.min(Math.max(ms, 0), LONGEST_RETRY_MS));
}
