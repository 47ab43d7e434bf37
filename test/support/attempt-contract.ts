// The contract of what sends calls to the endpoints of a service: the gateway's layers, and the transport of clients. The endpoints are
// functions; everything else is the real thing.
import { afterEach, expect, it, vi } from "vitest";

/** How an endpoint responds. @param nth of the calls to all endpoints, from 1 */
export type Respond = (request: Request, nth: number) => Response | Promise<Response>;

export interface ContractSettings {
  readonly retries?: { readonly max?: number; readonly baseMs?: number; readonly perAttemptMs?: number } | false;
  readonly retryBudget?: { readonly percent?: number; readonly minPerSecond?: number };
  readonly hedging?: { readonly percent: number; readonly minMs: number };
  readonly breaker?: { readonly consecutive?: number; readonly openMs?: number };
  readonly balancer?: "round_robin" | "least_request";
}

export interface ContractCall {
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
  readonly idempotencyKey?: string;
  /** What makes the call is itself called by a retry. */
  readonly isChained?: boolean;
}

export interface ContractOutcome {
  readonly code: string; // `ok`, or Connect's code
  readonly pushback: string | null; // what the caller is to do about retries
}

/** A service of the method GetUser, which has no side effects, UpdateUser, which may not be repeated, and the stream WatchUsers. */
export interface ContractSubject {
  read(call?: ContractCall): Promise<ContractOutcome>;
  write(call?: ContractCall): Promise<ContractOutcome>;
  watch(): Promise<ContractOutcome & { readonly messages: number }>;
}

export type MakeSubject = (
  endpoints: Readonly<Record<string, (url: string, init: RequestInit) => Promise<Response>>>,
  settings: ContractSettings,
) => ContractSubject | Promise<ContractSubject>;

interface Seen {
  readonly endpoint: string;
  readonly attempt: string | null;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

const OK = (): Response => Response.json({ id: "usr_01arz3ndektsv4rrffq69g5fav" });
const DOWN = (headers: Record<string, string> = {}): Response =>
  Response.json({ code: "unavailable", message: "down" }, { status: 503, headers });
const hanging = ({ signal }: Request): Promise<Response> =>
  new Promise((_, reject) => void signal.addEventListener("abort", () => reject(signal.reason)));

/** @param make a new subject, which has learned nothing */
export function attemptContract(make: MakeSubject): void {
  afterEach(() => void vi.useRealTimers());

  /** @param respond one endpoint, or several by name */
  async function over(respond: Respond | Readonly<Record<string, Respond>>, settings: ContractSettings = {}) {
    const seen: Seen[] = [];
    const all = typeof respond === "function" ? { A: respond } : respond;
    const endpoints = Object.entries(all).map(([name, one]) => {
      const fetch = async (url: string, init: RequestInit): Promise<Response> => {
        const request = new Request(url, init);
        const { headers, signal } = request;
        const timeoutMs = Number(headers.get("connect-timeout-ms"));
        seen.push({ endpoint: name, attempt: headers.get("tidegate-attempt"), timeoutMs, signal });
        return one(request, seen.length);
      };
      return [name, fetch] as const;
    });
    return { seen, subject: await make(Object.fromEntries(endpoints), settings) };
  }

  const QUICK = { retries: { baseMs: 1 } };

  it("repeats a read until an attempt succeeds, and numbers its attempts", async () => {
    const { seen, subject } = await over((_, nth) => (nth < 3 ? DOWN() : OK()), QUICK);
    expect((await subject.read()).code).toBe("ok");
    expect(seen.map(({ attempt }) => attempt)).toEqual([null, "2", "3"]);
  });

  it("repeats no write that may have had its effect, unless it has a key", async () => {
    const { seen, subject } = await over(() => DOWN(), QUICK);
    expect((await subject.write()).code).toBe("unavailable");
    expect(seen).toHaveLength(1);
    const keyed = await over((_, nth) => (nth < 2 ? DOWN() : OK()), QUICK);
    expect((await keyed.subject.write({ idempotencyKey: '"k"' })).code).toBe("ok");
    expect(keyed.seen).toHaveLength(2);
  });

  it("repeats a write that was not sent", async () => {
    const refused = (): Promise<Response> => Promise.reject(new Error("connection refused"));
    const { seen, subject } = await over((_, nth) => (nth < 2 ? refused() : OK()), QUICK);
    expect((await subject.write()).code).toBe("ok");
    expect(seen).toHaveLength(2);
  });

  it("makes no more attempts than it may, and lets its caller know that it need not retry", async () => {
    const { seen, subject } = await over(() => DOWN(), { retries: { max: 2, baseMs: 1 }, retryBudget: { minPerSecond: 100 } });
    expect(await subject.read()).toEqual({ code: "unavailable", pushback: "-1" });
    expect(seen).toHaveLength(3);
  });

  it("keeps to its budget, over all calls", async () => {
    const settings = { ...QUICK, retryBudget: { percent: 10, minPerSecond: 0 } };
    let n = 0;
    // Most calls succeed, so that neither breaker nor throttle keeps calls from being sent.
    const { seen, subject } = await over(({ headers }) => (headers.has("tidegate-attempt") || n % 4 === 0 ? DOWN() : OK()), settings);
    for (n = 0; n < 200; n++) await subject.read();
    expect(seen.length).toBeGreaterThan(200);
    expect(seen.length).toBeLessThanOrEqual(220);
    n = 0;
    expect(await subject.read()).toEqual({ code: "unavailable", pushback: "-1" });
  });

  it("repeats nothing that a retry has caused", async () => {
    const { seen, subject } = await over(() => DOWN(), QUICK);
    await subject.read({ isChained: true });
    expect(seen.map(({ attempt }) => attempt)).toEqual(["2"]);
  });

  it.each([
    ["forbids retries", { "grpc-retry-pushback-ms": "-1" }],
    ["wants a pause that is longer than the call may take", { "retry-after": "60" }],
  ])("repeats nothing where the endpoint %s", async (_, headers) => {
    const { seen, subject } = await over(() => DOWN(headers), QUICK);
    expect((await subject.read({ timeoutMs: 5_000 })).code).toBe("unavailable");
    expect(seen).toHaveLength(1);
  });

  it("waits as long as the endpoint wants", async () => {
    const at: number[] = [];
    const { subject } = await over((_, nth) => {
      at.push(Date.now());
      return nth === 1 ? DOWN({ "grpc-retry-pushback-ms": "60" }) : OK();
    }, QUICK);
    expect((await subject.read()).code).toBe("ok");
    expect(at[1]! - at[0]!).toBeGreaterThanOrEqual(59);
  });

  it("tries another endpoint each time", async () => {
    const { seen, subject } = await over(
      { A: () => Promise.reject(new Error("connection reset")), B: () => DOWN(), C: OK },
      { ...QUICK, balancer: "round_robin" },
    );
    for (let n = 0; n < 3; n++) expect((await subject.read()).code).toBe("ok");
    expect(seen.filter(({ endpoint }) => endpoint === "C")).toHaveLength(3);
    expect(seen.length).toBeLessThanOrEqual(9);
  });

  it("ends an attempt that takes too long, and makes another one", async () => {
    const { seen, subject } = await over((request, nth) => (nth === 1 ? hanging(request) : OK()), {
      retries: { baseMs: 1, perAttemptMs: 40 },
    });
    expect((await subject.read()).code).toBe("ok");
    expect([seen.length, seen[0]!.signal.aborted]).toEqual([2, true]);
  });

  it("bounds all attempts by the deadline of the call", async () => {
    const { seen, subject } = await over((request, nth) => (nth === 1 ? DOWN() : hanging(request)), QUICK);
    expect((await subject.read({ timeoutMs: 400 })).code).toBe("deadline_exceeded");
    const [first, second] = seen.map(({ timeoutMs }) => timeoutMs);
    expect([seen.length, second! <= first!, first! <= 400, seen[1]!.signal.aborted]).toEqual([2, true, true, true]);
  });

  it("counts no error of a caller against an endpoint", async () => {
    const error = (_: Request, nth: number): Response => {
      if (nth > 20) return OK();
      return Response.json({ code: "invalid_argument", message: "id" }, { status: 400 });
    };
    const { seen, subject } = await over(error, { ...QUICK, breaker: { consecutive: 1 } });
    for (let n = 0; n < 20; n++) expect((await subject.read()).code).toBe("invalid_argument");
    expect([(await subject.read()).code, seen.length]).toEqual(["ok", 21]);
  });

  it("counts no call that its caller gives up against an endpoint", async () => {
    const { subject } = await over((request, nth) => (nth <= 3 ? hanging(request) : OK()), { ...QUICK, breaker: { consecutive: 1 } });
    for (let n = 0; n < 3; n++) {
      const stop = new AbortController();
      const call = subject.read({ signal: stop.signal });
      setTimeout(() => stop.abort(), 5);
      expect((await call).code).not.toBe("ok");
    }
    expect((await subject.read()).code).toBe("ok");
  });

  it("opens the breaker of an endpoint that fails, probes it later, and closes it", async () => {
    let isDown = true;
    const { seen, subject } = await over(() => (isDown ? DOWN() : OK()), { retries: false, breaker: { consecutive: 3, openMs: 5_000 } });
    for (let n = 0; n < 10; n++) expect((await subject.read()).code).toBe("unavailable");
    expect(seen).toHaveLength(3); // further calls are refused without an attempt
    vi.setSystemTime(Date.now() + 10_000);
    await subject.read();
    expect(seen).toHaveLength(4); // the probe
    isDown = false;
    vi.setSystemTime(Date.now() + 30_000);
    for (let n = 0; n < 20; n++) await subject.read();
    const before = seen.length;
    for (let n = 0; n < 5; n++) expect((await subject.read()).code).toBe("ok");
    expect(seen).toHaveLength(before + 5);
  });

  it("gives the next call to the endpoint with fewer calls in flight", async () => {
    const held = Promise.withResolvers<void>();
    const slow: Respond = async () => {
      await held.promise;
      return OK();
    };
    const { seen, subject } = await over({ A: slow, B: slow }, { ...QUICK, balancer: "least_request" });
    const calls = Array.from({ length: 4 }, () => subject.read());
    await vi.waitFor(() => expect(seen).toHaveLength(4), { timeout: 60_000 });
    expect(seen.filter(({ endpoint }) => endpoint === "A")).toHaveLength(2);
    held.resolve();
    await Promise.all(calls);
  });

  it("hedges a slow read at another endpoint, ends the loser, and counts it against none", async () => {
    let isWarm = false;
    let slow = 0;
    const one: Respond = (request) => {
      if (!isWarm) return OK();
      slow += 1;
      return slow === 1 ? hanging(request) : OK();
    };
    const settings = {
      retries: false as const,
      hedging: { percent: 10, minMs: 200 },
      breaker: { consecutive: 1 },
      balancer: "round_robin" as const,
    };
    const { seen, subject } = await over({ A: one, B: one }, settings);
    for (let n = 0; n < 120; n++) await subject.read();
    isWarm = true;
    seen.length = 0;
    expect((await subject.read()).code).toBe("ok");
    expect([seen.map(({ attempt }) => attempt), seen[0]!.signal.aborted]).toEqual([[null, "2"], true]);
    expect(seen[0]!.endpoint).not.toBe(seen[1]!.endpoint);
    for (let n = 0; n < 6; n++) await subject.read();
    expect(new Set(seen.slice(2).map(({ endpoint }) => endpoint)).size).toBe(2); // one failure would have opened its breaker
  });

  it("sends a read that a host sheds to another endpoint, and counts it against none", async () => {
    const shed = { "tidegate-shed": "full", "retry-after": "1" };
    const settings = { retries: false as const, breaker: { consecutive: 1 }, balancer: "round_robin" as const };
    const { seen, subject } = await over({ A: () => DOWN(shed), B: OK }, settings);
    for (let n = 0; n < 4; n++) expect((await subject.read()).code).toBe("ok");
    expect(new Set(seen.map(({ endpoint }) => endpoint)).size).toBe(2);
  });

  it("starts no stream again", async () => {
    const broken: Respond = () => new Response(brokenStream(), { headers: { "content-type": "application/connect+json" } });
    const { seen, subject } = await over(broken, QUICK);
    const watched = await subject.watch();
    expect([watched.code === "ok", watched.messages, seen.length]).toEqual([false, 1, 1]);
    const down = await over(() => DOWN(), QUICK);
    expect((await down.subject.watch()).code).toBe("unavailable");
    expect(down.seen).toHaveLength(1);
  });
}

/** One message, and then a lost connection. */
function brokenStream(): ReadableStream<Uint8Array> {
  const data = new TextEncoder().encode('{"revision":"1"}');
  const message = new Uint8Array(5 + data.length);
  new DataView(message.buffer).setUint32(1, data.length);
  message.set(data, 5);
  let pulls = 0;
  return new ReadableStream({
    pull(controller) {
      pulls += 1;
      if (pulls === 1) controller.enqueue(message);
      else controller.error(new Error("connection lost"));
    },
  });
}
