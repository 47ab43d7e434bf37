// The naive gateway of the benchmark (bench/naive) under the same callers: its real code, with counted operations.
import { noOperations, type Operations } from "./prices.ts";
import { loadWorkerModule, type ObjectClass, provideWorkers, Runtime } from "./runtime.ts";

interface NaiveModule {
  readonly default: { fetch(request: Request, env: object): Response | Promise<Response> };
  readonly Limiter: ObjectClass;
  readonly Breaker: ObjectClass;
}

const CONFIG = { capacity: 100, rate: 50, timeoutMs: 15_000 };

/** @returns the operations of so many calls, one after the other, each caller in its turn */
export async function runNaive(callers: number, calls: number, seed: number): Promise<Operations> {
  provideWorkers();
  const { default: app, Limiter, Breaker } = await loadWorkerModule<NaiveModule>("bench/naive/index.ts");
  const runtime = new Runtime(seed);
  const { operations } = runtime;
  const kv = (value: unknown) => ({
    get: (): Promise<unknown> => {
      operations.kvReads += 1;
      return Promise.resolve(value);
    },
  });
  const env = {
    CONFIG: kv(CONFIG),
    CACHE: kv(null),
    LIMITER: runtime.namespace(Limiter, {}),
    BREAKER: runtime.namespace(Breaker, {}),
    UPSTREAM: { fetch: () => Promise.resolve(new Response("{}")) },
  };
  runtime.install();
  try {
    let done = 0;
    for (let call = 0; call < calls; call++) {
      const headers = { "cf-connecting-ip": `caller-${call % callers}` };
      const request = new Request("https://naive.example/users.v1.UserService/GetUser", { headers });
      void Promise.resolve(app.fetch(request, env)).then(({ status }) => {
        if (status === 200) done += 1;
      });
      await runtime.run(1_000);
    }
    if (done !== calls) throw new Error(`${calls - done} of ${calls} calls of the naive gateway failed`);
    return { ...noOperations(), ...operations, calls };
  } finally {
    runtime.dispose();
  }
}
