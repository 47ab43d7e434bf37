// A Prometheus that scrapes one gateway, and its API.
import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";

export interface Sample {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: number;
}

interface Response {
  readonly data: {
    readonly result: readonly { readonly metric: Sample["metric"]; readonly value?: [number, string]; readonly histogram?: unknown }[];
    readonly activeTargets?: readonly { readonly health: string; readonly lastError: string }[];
  };
}

export interface PrometheusOptions {
  readonly program: string;
  readonly folder: string; // a new one
  readonly target: string; // origin of the gateway
  readonly token: string;
  readonly hasNativeHistograms: boolean;
}

export class Prometheus {
  readonly #process: ChildProcess;
  readonly #origin: string;

  private constructor(child: ChildProcess, origin: string) {
    this.#process = child;
    this.#origin = origin;
  }

  static async start({ program, folder, target, token, hasNativeHistograms }: PrometheusOptions): Promise<Prometheus> {
    mkdirSync(folder, { recursive: true });
    const config = {
      global: { scrape_interval: "1s", scrape_timeout: "1s", evaluation_interval: "1s" },
      scrape_configs: [
        { job_name: "tidegate", authorization: { credentials: token }, static_configs: [{ targets: [new URL(target).host] }] },
      ],
    };
    const file = join(folder, "prometheus.yml");
    writeFileSync(file, JSON.stringify(config)); // JSON is YAML
    const port = await freePort();
    const listen = `127.0.0.1:${port}`;
    const args = [`--config.file=${file}`, `--storage.tsdb.path=${join(folder, "data")}`, `--web.listen-address=${listen}`];
    if (hasNativeHistograms) args.push("--enable-feature=native-histograms");
    const child = spawn(program, args, { stdio: "ignore" });
    return new Prometheus(child, `http://${listen}`);
  }

  /** @returns undefined until it responds */
  async query(expression: string): Promise<readonly Sample[] | undefined> {
    const found = await this.#get(`query?query=${encodeURIComponent(expression)}`);
    return found?.data.result.map(({ metric, value }) => ({ metric, value: value === undefined ? Number.NaN : Number(value[1]) }));
  }

  /** @returns what is wrong with the scrape; "" for nothing, undefined before the first one */
  async problem(): Promise<string | undefined> {
    const found = await this.#get("targets");
    const [target] = found?.data.activeTargets ?? [];
    return target === undefined || target.health === "unknown" ? undefined : target.lastError;
  }

  stop(): void {
    this.#process.kill("SIGKILL");
  }

  async #get(path: string): Promise<Response | undefined> {
    try {
      const response = await fetch(`${this.#origin}/api/v1/${path}`);
      const text = await response.text();
      if (response.status !== 200 && response.status !== 503) throw new Error(`${path}: ${text}`);
      return response.status === 200 ? (JSON.parse(text) as Response) : undefined;
    } catch (error) {
      if (error instanceof TypeError) return undefined; // it does not listen yet
      throw error;
    }
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}
