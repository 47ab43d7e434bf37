// Runs the Workers in workerd, with miniflare. It replaces all of them at once, and names the one that cannot be loaded.
import { join } from "node:path";
import { convertV4MiniflareOptions, getDefaultDevRegistryPath, Log, LogLevel, Miniflare, type V4MiniflareOptions } from "miniflare";
import { originOf, type RuntimeOptions, type WorkerCandidate } from "./candidate.ts";

export interface RuntimeSettings {
  readonly persistTo: string;
  readonly isVerbose: boolean;
}

/** A Worker that cannot be loaded, with the reason. */
export interface WorkerLoadFailure {
  readonly worker: string;
  readonly problem: string;
}

export class Runtime {
  readonly #settings: RuntimeSettings;
  #miniflare: Miniflare | undefined;
  #isStarting = false;

  constructor(settings: RuntimeSettings) {
    this.#settings = settings;
  }

  /**
   * Runs these Workers instead of the current ones. The first one receives all requests.
   *
   * @returns the port of the runtime; or the Worker that cannot be loaded, and nothing runs until the next call
   * @throws Error where workerd itself does not start
   */
  async run(candidates: readonly WorkerCandidate[]): Promise<number | WorkerLoadFailure> {
    this.#isStarting = true;
    const options = this.#options(candidates.map(({ options }) => options));
    try {
      if (this.#miniflare === undefined) this.#miniflare = new Miniflare(options);
      else await this.#miniflare.setOptions(options);
      return Number((await this.#miniflare.ready).port);
    } catch (error) {
      const failure = failureIn(error instanceof Error ? error.message : String(error), candidates);
      if (failure === undefined) throw error;
      return failure;
    } finally {
      this.#isStarting = false;
    }
  }

  async stop(): Promise<void> {
    await this.#miniflare?.dispose();
  }

  #options(workers: readonly RuntimeOptions[]): ConstructorParameters<typeof Miniflare>[0] {
    const { persistTo, isVerbose } = this.#settings;
    const names = workers.map(({ name }) => name);
    const isBoundElsewhere = workers.some((worker) => namesOfBound(worker).some((name) => !names.includes(name)));
    const options = {
      host: "127.0.0.1",
      port: 0,
      cf: false, // no network
      log: new Log(isVerbose ? LogLevel.INFO : LogLevel.WARN),
      handleStructuredLogs: ({ level, message }: { level: string; message: string }) => {
        // `failureIn` reports these with their position.
        if (this.#isStarting && /^(service core:user:|A DurableObjectNamespace in)/.test(message)) return;
        if (isVerbose || level === "warn" || level === "error")
          (level === "warn" || level === "error" ? console.error : console.log)(message);
      },
      resourcePersistencePath: join(persistTo, "v3"),
      // A Worker of another project is found in this registry while `wrangler dev` runs it.
      ...(isBoundElsewhere ? { unsafeDevRegistryPath: getDefaultDevRegistryPath() } : {}),
      workers,
    };
    return convertV4MiniflareOptions(options as unknown as V4MiniflareOptions);
  }
}

function namesOfBound(worker: RuntimeOptions): string[] {
  const services = (worker["serviceBindings"] ?? {}) as Readonly<Record<string, string | { readonly name?: string }>>;
  const objects = (worker["durableObjects"] ?? {}) as Readonly<Record<string, string | { readonly scriptName?: string }>>;
  return [
    ...Object.values(services).flatMap((bound) => (typeof bound === "string" ? bound : (bound.name ?? []))),
    ...Object.values(objects).flatMap((bound) => (typeof bound === "string" ? [] : (bound.scriptName ?? []))),
  ];
}

/** workerd names the Worker in its log: `service core:user:NAME: Uncaught Error: ...`, with a position in the bundle. */
function failureIn(message: string, candidates: readonly WorkerCandidate[]): WorkerLoadFailure | undefined {
  const text = message.replaceAll("\\n", "\n").replaceAll('\\"', '"');
  const match = /service core:user:([\w-]+): (?:Uncaught )?([^\n]*)/.exec(text);
  if (match === null) return undefined;
  const [, worker, reason] = match as unknown as [string, string, string]; // the pattern has two groups
  const bundle = candidates.find(({ name }) => name === worker);
  const frames = text.slice(match.index).matchAll(/\s([\w.-]+)\.js:(\d+):(\d+)/g);
  const positions = [...frames].map(([, , line, column]) => bundle && originOf(bundle.text, Number(line), Number(column)));
  const position = positions.find((one) => one !== undefined);
  return {
    worker,
    problem: `${position ?? bundle?.file ?? worker} found ${reason.replace(/",.*$/, "")} while "${worker}" was loaded; correct it`,
  };
}
