// Data that stays fresh: the messages of a stream that is opened again when it breaks off, or the response of a call that is repeated.
import { useEffect, useRef, useState } from "preact/hooks";
import { backOffMs } from "./back-off.ts";
import { asCallError, type CallError } from "./call-error.ts";
import { SIGNED_OUT, session } from "./session.ts";

/** Problems that do not go away by themselves. */
const FINAL = new Set(["unauthenticated", "permission_denied", "unimplemented", "invalid_argument", "not_found"]);
const FINAL_RETRY_MS = 30_000;

export interface Live<T> {
  readonly value: T | undefined; // undefined before the first response
  readonly receivedAt: number; // epoch ms; 0 before the first response
  readonly problem: CallError | undefined; // why nothing newer than `value` is here
}

const NOTHING: Live<never> = { value: undefined, receivedAt: 0, problem: undefined };

/**
 * The latest message of a stream.
 *
 * @param key  of what is watched: another key opens another stream, and forgets the value
 * @param open opens the stream
 */
export function useStream<T>(key: string, open: (signal: AbortSignal) => AsyncIterable<T>): Live<T> {
  return useLive(key, async (signal, receive) => {
    for await (const message of open(signal)) receive(message);
    return 0; // the stream was ended by the gateway, and is opened again
  });
}

/**
 * The latest response of a call that is made again and again.
 *
 * @param everyMs time between a response and the next call, while the tab is visible
 */
export function usePolled<T>(key: string, everyMs: number, load: (signal: AbortSignal) => Promise<T>): Live<T> & { reload(): void } {
  const [round, setRound] = useState(0);
  const live = useLive<T>(
    key,
    async (signal, receive) => {
      receive(await load(signal));
      return everyMs;
    },
    round,
  );
  return { ...live, reload: () => setRound((count) => count + 1) };
}

function useLive<T>(key: string, run: (signal: AbortSignal, receive: (value: T) => void) => Promise<number>, round = 0): Live<T> {
  const [live, setLive] = useState<Live<T> & { readonly key: string }>({ ...NOTHING, key });
  const latest = useRef(run);
  latest.current = run;
  useEffect(() => {
    const ending = new AbortController();
    const { signal } = ending;
    const receive = (value: T): void => {
      if (!signal.aborted) setLive({ key, value, receivedAt: Date.now(), problem: undefined });
    };
    void repeat(
      signal,
      receive,
      (...args) => latest.current(...args),
      (problem) => {
        setLive((before) => ({ ...(before.key === key ? before : NOTHING), key, problem }));
      },
    );
    return () => ending.abort();
  }, [key, round]);
  return live.key === key ? live : NOTHING;
}

async function repeat<T>(
  signal: AbortSignal,
  receive: (value: T) => void,
  run: (signal: AbortSignal, receive: (value: T) => void) => Promise<number>,
  report: (problem: CallError) => void,
): Promise<void> {
  let failures = 0;
  while (!signal.aborted) {
    let waitMs: number;
    try {
      waitMs = await run(signal, (value) => {
        failures = 0;
        receive(value);
      });
    } catch (thrown) {
      if (signal.aborted) return;
      const problem = asCallError(thrown);
      failures += 1;
      report(problem);
      if (problem.code === "unauthenticated") return session.set({ ...SIGNED_OUT, problem: problem.message });
      waitMs = FINAL.has(problem.code) ? FINAL_RETRY_MS : backOffMs(failures, Math.random());
    }
    await pause(waitMs, signal);
    await visible(signal);
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal.addEventListener("abort", end);
  });
}

/** A tab in the background makes no further calls. */
function visible(signal: AbortSignal): Promise<void> {
  if (document.visibilityState === "visible" || signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    document.addEventListener("visibilitychange", () => resolve(), { once: true, signal });
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
