// The inspector of a workerd process: CPU profiles, and samples of what is allocated.
// @see https://chromedevtools.github.io/devtools-protocol/v8/

const TIMEOUT_MS = 30_000; // some methods of workerd's inspector never respond

export interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
  }[];
  readonly samples: readonly number[]; // ids of nodes
  readonly timeDeltas: readonly number[]; // µs before each sample
}

interface AllocationNode {
  readonly callFrame: { readonly functionName: string; readonly lineNumber: number };
  readonly selfSize: number; // bytes
  readonly children: readonly AllocationNode[];
}

/** Bytes allocated on the JavaScript heap, by the function that allocated them. */
export type Allocations = ReadonlyMap<string, number>;

export class Inspector {
  readonly #socket: WebSocket;
  readonly #waiting = new Map<number, (message: { readonly result?: unknown; readonly error?: { readonly message: string } }) => void>();
  #sent = 0;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.addEventListener("message", ({ data }) => {
      const message = JSON.parse(String(data)) as { readonly id?: number; readonly result?: unknown; readonly error?: { message: string } };
      if (message.id === undefined) return;
      this.#waiting.get(message.id)?.(message);
      this.#waiting.delete(message.id);
    });
  }

  /** @param service name of the Worker in workerd's configuration */
  static async open(port: number, service: string): Promise<Inspector> {
    const socket = new WebSocket(`ws://127.0.0.1:${port}/${service}`);
    await new Promise<void>((resolve, reject) => {
      socket.addEventListener("open", () => resolve());
      socket.addEventListener("error", () => reject(new Error(`workerd's inspector at port ${port} does not respond`)));
    });
    return new Inspector(socket);
  }

  /** @throws Error where the inspector refuses, or is silent for 30 s */
  call<Result>(method: string, params: object = {}): Promise<Result> {
    const id = ++this.#sent;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`${method}: no response of the inspector in ${TIMEOUT_MS} ms`)), TIMEOUT_MS);
      this.#waiting.set(id, ({ result, error }) => {
        clearTimeout(timer);
        if (error === undefined) resolve(result as Result);
        else reject(new Error(`${method}: ${error.message}`));
      });
      this.#socket.send(JSON.stringify({ id, method, params }));
    });
  }

  /** @param intervalMicros between two samples */
  async profile(during: () => Promise<unknown>, intervalMicros = 200): Promise<CpuProfile> {
    await this.call("Profiler.enable");
    await this.call("Profiler.setSamplingInterval", { interval: intervalMicros });
    await this.call("Profiler.start");
    await during();
    return (await this.call<{ readonly profile: CpuProfile }>("Profiler.stop")).profile;
  }

  /**
   * What is allocated meanwhile, garbage included. Memory outside of the JavaScript heap (buffers, objects of the runtime) is not.
   *
   * @param intervalBytes mean distance of two samples
   */
  async allocations(during: () => Promise<unknown>, intervalBytes = 8_192): Promise<Allocations> {
    await this.call("HeapProfiler.enable");
    const collected = { includeObjectsCollectedByMajorGC: true, includeObjectsCollectedByMinorGC: true };
    await this.call("HeapProfiler.startSampling", { samplingInterval: intervalBytes, ...collected });
    await during();
    const { profile } = await this.call<{ readonly profile: { readonly head: AllocationNode } }>("HeapProfiler.stopSampling");
    const bytes = new Map<string, number>();
    const add = ({ callFrame: { functionName, lineNumber }, selfSize, children }: AllocationNode): void => {
      const name = functionName || `(line ${lineNumber + 1})`;
      bytes.set(name, (bytes.get(name) ?? 0) + selfSize);
      for (const child of children) add(child);
    };
    add(profile.head);
    return bytes;
  }

  close(): void {
    this.#socket.close();
  }
}
