// What the suite starts as the server under test: node server.ts BUNDLE [REFERENCE_SERVER PROTOCOL]
// With a reference server it is the upstream of the gateway in BUNDLE, and receives the parameters of the suite, too.
import { spawn } from "node:child_process";
import { create } from "@bufbuild/protobuf";
import {
  type ServerCompatRequest,
  ServerCompatRequestSchema,
  ServerCompatResponseSchema,
} from "./gen/connectrpc/conformance/v1/server_compat_pb.ts";
import { messageFrom, send } from "./wire.ts";
import { start } from "./workerd.ts";

const [bundle = "", reference, protocol] = process.argv.slice(2);
const stops: (() => void)[] = [];
for (const signal of ["SIGTERM", "SIGINT"] as const) process.on(signal, () => end(0));

const request = await messageFrom(ServerCompatRequestSchema, process.stdin);
const upstream = reference === undefined ? {} : { UPSTREAM: await referenceServer(reference, request), PROTOCOL: protocol };
const running = await start(bundle, { LIMIT: request.messageReceiveLimit, ...upstream });
stops.push(running.stop);
running.child.on("exit", () => end(1));
send(process.stdout, ServerCompatResponseSchema, create(ServerCompatResponseSchema, { host: "127.0.0.1", port: running.port }));

/** @returns its base URL */
async function referenceServer(binary: string, compat: ServerCompatRequest): Promise<string> {
  const child = spawn(binary, ["-port", "0", "-bind", "127.0.0.1"], { stdio: ["pipe", "pipe", "ignore"] });
  stops.push(() => void child.kill("SIGKILL"));
  child.on("exit", () => end(1));
  send(child.stdin, ServerCompatRequestSchema, compat);
  const { port } = await messageFrom(ServerCompatResponseSchema, child.stdout);
  return `http://127.0.0.1:${port}`;
}

function end(code: number): never {
  for (const stop of stops) stop();
  process.exit(code);
}
