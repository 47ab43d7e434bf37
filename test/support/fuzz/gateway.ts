// The whole gateway with good upstreams, in workerd: it makes requests of bytes, and judges the response to each.
import type { GatewayInput } from "../../../core/config/gateway.ts";
import { createApp } from "../../../workers/gateway/app.ts";
import { protovalidate } from "../../../workers/gateway/configure/protovalidate.ts";
import { type Case, parseCase, splitCases } from "../../fuzz/gateway/case.ts";
import { problemIn } from "../../fuzz/gateway/judge.ts";
import { AUTH } from "../callers.ts";
import notes from "../notes/notes.descriptors.ts";
import { catalog } from "../shipped/catalog.ts";
import uploads from "../uploads/uploads.descriptors.ts";

const upstream = { binding: "UPSTREAM" };
const config = (values: string): GatewayInput => ({
  descriptors: [notes, uploads, values],
  auth: AUTH,
  cors: { origins: ["https://good.test"], credentials: true },
  rest: { jsonRequestStreams: true },
  defaults: { maxBodyBytes: 4_096, readTimeoutMs: 60_000 },
  services: {
    "users.v1.UserService": {
      upstream,
      methods: { GetUser: { cache: { l2: "none" } }, ListUsers: { cache: { l2: "none" } } },
    },
    "orders.v1.OrderService": { upstream: { ...upstream, protocol: "grpc_web" } },
    "notes.v1.NoteService": {
      upstream: { ...upstream, protocol: "connect" },
      validate: "enforce",
      methods: { ImportNotes: { validate: "off" } },
    },
    "uploads.v1.UploadService": { upstream },
    "differential.v1.Values": { upstream },
  },
  httpRoutes: {
    "/pub/": { upstream },
    "/pub/admin/": { upstream },
    "/cached/": { upstream, cache: { l2: "none", heuristicPercent: 10, forward: "all" } },
  },
});

const encoder = new TextEncoder();

function envelope(flags: number, data: Uint8Array): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(5 + data.byteLength);
  bytes[0] = flags;
  new DataView(bytes.buffer).setUint32(1, data.byteLength);
  bytes.set(data, 5);
  return bytes;
}

const RPC_PATH = /^[^/]*\/\/[^/]*\/[\w.]+\.v1\.\w+\/\w+(\?|$)/;

/** Responds to every call with one empty message, after the whole request has arrived. */
async function respond(request: Request): Promise<Response> {
  await request.arrayBuffer();
  const isGet = request.method === "GET" && RPC_PATH.test(request.url);
  const getType = /[?&]encoding=json(&|$)/.test(request.url) ? "application/json" : "application/proto";
  const type = isGet ? getType : (request.headers.get("content-type") ?? "");
  const message = encoder.encode(/json\b/.test(type) ? "{}" : "");
  const end = type.startsWith("application/grpc-web")
    ? envelope(0x80, encoder.encode("grpc-status: 0\r\n"))
    : envelope(2, encoder.encode("{}"));
  const body = /^application\/(grpc-web|connect\+)/.test(type) ? new Blob([envelope(0, message), end]) : new Blob([message]);
  const headers = { "content-type": type === "" ? "text/plain" : type, "cache-control": "max-age=60" };
  return new Response(request.method === "HEAD" ? null : body.stream(), { headers });
}

interface Env {
  readonly VALUES: string; // descriptor set, base64
}

let app: ReturnType<typeof createApp> | undefined;
let logged: string[] = [];

export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    console.error = (text: string) => void logged.push(text);
    const fetcher = { fetch: (url: string, init: RequestInit) => respond(new Request(url, init)) };
    app ??= createApp(config(env.VALUES), catalog, { UPSTREAM: fetcher } as never, { validator: protovalidate() });
    const cases = splitCases(new Uint8Array(await request.arrayBuffer()));
    for (const [at, bytes] of cases.entries()) {
      const problem = await problemOf(parseCase(bytes));
      if (problem !== undefined) return Response.json({ at, problem });
    }
    return Response.json({});
  },
};

/** What is wrong with the gateway's response to a request; undefined for bytes that make no request. */
async function problemOf(made: Case): Promise<string | undefined> {
  let request: Request;
  try {
    request = new Request(`https://gateway.example${made.target}`, { method: made.method, headers: made.headers, body: made.body });
  } catch {
    return undefined;
  }
  logged = [];
  try {
    const response = await app!.fetch(request);
    const body = new Uint8Array(await response.arrayBuffer());
    return logged.length > 0 ? `logged ${logged[0]}` : problemIn(response, body, request);
  } catch (error) {
    return `threw ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`;
  }
}
