// A server that speaks Connect over HTTP, in place of a gateway: the commands of cli/admin run against it as processes.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { ConnectRouter, HandlerContext } from "@connectrpc/connect";
import { connectNodeAdapter } from "@connectrpc/connect-node";

export interface AdminServer {
  readonly origin: string;
  close(): void;
}

export async function serve(routes: (router: ConnectRouter) => void): Promise<AdminServer> {
  const server: Server = createServer(connectNodeAdapter({ routes })).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    origin: `http://127.0.0.1:${port}`,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

export function bearerOf({ requestHeader }: HandlerContext): string | null {
  return requestHeader.get("authorization");
}

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Starts a command with arguments and environment. */
export function command(name: string, args: readonly string[], variables: Readonly<Record<string, string>>) {
  const { REGISTRY_TOKEN: _, CACHE_TOKEN: __, OPERATOR_TOKEN: ___, KEYS_TOKEN: ____, ADMIN_TOKEN: _____, ...environment } = process.env;
  const child = spawn("node", ["cli/tidegate/main.ts", name, ...args], { env: { ...environment, ...variables } });
  const output = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const) child[name].on("data", (chunk: Buffer) => (output[name] += String(chunk)));
  const ended = once(child, "close").then(([code]): Ended => ({ code: code as number | null, ...output }));
  return { child: child as ChildProcess, output, ended };
}
