// Bundles Workers, runs them in workerd, and accepts HTTP/2 in front of it, as Cloudflare's edge does.
import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { request } from "node:http";
import { createServer, type Http2Server, type IncomingHttpHeaders } from "node:http2";
import { createRequire } from "node:module";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { type BuildOptions, build } from "esbuild";
import { portOf } from "../../bench/workerd.ts";

const workerd: { readonly default: string } = createRequire(import.meta.url)("workerd"); // the path of its binary

export interface Running {
  readonly http1: string; // URL of workerd itself
  readonly http2: string; // URL of the HTTP/2 server in front of it: h2c, full duplex
  stop(): void;
}

/**
 * @param folder  bundles and configuration are written there
 * @param sources TypeScript of each Worker, with imports from the root of the project. Each Worker has bindings to all others under their
 *                names in capitals. The one named `gateway` listens.
 */
export async function start(folder: string, sources: Readonly<Record<string, string>>): Promise<Running> {
  const names = Object.keys(sources);
  for (const [name, contents] of Object.entries(sources)) {
    const options = {
      bundle: true,
      format: "esm",
      target: "es2024",
      platform: "neutral",
      external: ["cloudflare:*"],
    } satisfies BuildOptions;
    await build({ ...options, stdin: { contents, resolveDir: ".", loader: "ts" }, outfile: join(folder, `${name}.js`), logLevel: "error" });
  }
  const bindings = names.map((name) => `(name = "${name.toUpperCase()}", service = "${name}")`).join(", ");
  const workers = names.map(
    (name) =>
      `(name = "${name}", worker = (modules = [(name = "${name}.js", esModule = embed "${name}.js")], compatibilityDate = "2026-10-01", bindings = [${bindings}]))`,
  );
  const config = join(folder, "config.capnp");
  writeFileSync(
    config,
    `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (services = [${workers.join(", ")}], sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "gateway")]);`,
  );
  const args = ["serve", config, "--socket-addr=http=127.0.0.1:0", "--control-fd=3"];
  const child = spawn(workerd.default, args, { stdio: ["ignore", "inherit", "inherit", "pipe"] });
  const port = await portOf(child, config);
  const front = await edge(port);
  return {
    http1: `http://127.0.0.1:${port}`,
    http2: `http://127.0.0.1:${(front.address() as AddressInfo).port}`,
    stop() {
      front.close();
      child.kill("SIGKILL");
    },
  };
}

/** An HTTP/2 server that forwards each stream as an HTTP/1.1 request. Both bodies are forwarded as they arrive. */
export function edge(port: number): Promise<Http2Server> {
  const server = createServer((incoming, outgoing) => {
    const { method, url: path } = incoming;
    const next = request({ host: "127.0.0.1", port, method, path, headers: withoutPseudo(incoming.headers) }, (response) => {
      const { connection, "keep-alive": _, "transfer-encoding": __, ...headers } = response.headers;
      outgoing.writeHead(response.statusCode ?? 502, headers);
      response.pipe(outgoing);
    });
    next.on("error", () => outgoing.stream?.close());
    outgoing.on("close", () => next.destroy());
    next.flushHeaders();
    incoming.pipe(next);
  });
  return new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(server)));
}

function withoutPseudo(headers: IncomingHttpHeaders): Record<string, string | string[]> {
  const plain = Object.entries(headers).filter(([name, value]) => !name.startsWith(":") && value !== undefined);
  return Object.fromEntries(plain) as Record<string, string | string[]>;
}
