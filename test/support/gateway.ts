// A gateway with an upstream of the test's own: a function that stands where a service binding would.
import { env } from "cloudflare:workers";
import { create, toBinary, toJsonString } from "@bufbuild/protobuf";
import { encodeEnvelope } from "@connectrpc/connect/protocol";
import type { GatewayInput } from "../../core/config/gateway.ts";
import { UserSchema } from "../../protos/gen/users/v1/users_pb.ts";
import type { ExpressionCompiler } from "../../workers/gateway/configure/auth/expressions.ts";
import { configure } from "../../workers/gateway/configure/configuration.ts";
import { createGateway, type Gateway } from "../../workers/gateway/gateway.ts";
import type { CustomLayer } from "../../workers/gateway/layer.ts";
import { withRelays } from "./relays.ts";
import { catalog } from "./shipped/catalog.ts";

export type Upstream = (request: Request) => Response | Promise<Response>;

export const USER = { id: "usr_01arz3ndektsv4rrffq69g5fav", displayName: "Ada", email: "ada@example.com" };

/** An upstream's response with a user, in the protocol and the codec of the request. */
export function userFor(request: Request, user: typeof USER = USER): Response {
  const contentType = request.headers.get("content-type") ?? "application/json";
  const message = create(UserSchema, user);
  const bytes = contentType.endsWith("json") ? new TextEncoder().encode(toJsonString(UserSchema, message)) : toBinary(UserSchema, message);
  const isGrpcWeb = contentType.startsWith("application/grpc-web");
  const end = encodeEnvelope(0x80, new TextEncoder().encode("grpc-status: 0\r\n"));
  const body = isGrpcWeb ? new Blob([encodeEnvelope(0, bytes), end]) : new Blob([bytes]);
  return new Response(body.stream(), { headers: { "content-type": contentType } });
}

export const json = (body: unknown, init: ResponseInit = {}): Response => Response.json(body, init);

/** A gateway for the users service alone, whose upstream is `upstream`. @param compiler of authorization expressions @param layers of a team */
export function gatewayTo(
  upstream: Upstream,
  input: Partial<GatewayInput> = {},
  bindings: Record<string, unknown> = {},
  compiler?: ExpressionCompiler,
  layers?: readonly CustomLayer[],
): Gateway {
  const binding = { fetch: (url: string, init: RequestInit) => Promise.resolve(upstream(new Request(url, init))) };
  const config: GatewayInput = { services: { "users.v1.UserService": { upstream: { binding: "USERS" } } }, ...input };
  const all = { TOKEN_BUCKET: env.TOKEN_BUCKET, USERS: binding, ...withRelays(bindings) };
  return createGateway(configure(config, catalog, all, { compiler, layers }));
}

/** A gateway whose upstream keeps the requests it gets. */
export function recordingGateway(input: Partial<GatewayInput> = {}) {
  const seen: Request[] = [];
  const gateway = gatewayTo((request) => {
    seen.push(request);
    return userFor(request);
  }, input);
  return { gateway, last: () => seen.at(-1)!, seen };
}

const PROCEDURE = "https://gateway.example/users.v1.UserService/";

/** A unary Connect call in JSON. */
export function unary(method: string, message: unknown = {}, headers: Record<string, string> = {}): Request {
  return new Request(PROCEDURE + method, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: typeof message === "string" ? message : JSON.stringify(message),
  });
}

/** A call with an enveloped message: Connect streams, and gRPC-Web. */
export function enveloped(
  method: string,
  contentType: string,
  message: Uint8Array | string = "",
  headers: Record<string, string> = {},
): Request {
  const data = typeof message === "string" ? new TextEncoder().encode(message) : message;
  const body = new Uint8Array(5 + data.length);
  new DataView(body.buffer).setUint32(1, data.length);
  body.set(data, 5);
  return new Request(PROCEDURE + method, { method: "POST", headers: { "content-type": contentType, ...headers }, body });
}

export function rest(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Request {
  const hasBody = body !== undefined;
  return new Request(`https://gateway.example${path}`, {
    method,
    headers: { ...(hasBody ? { "content-type": "application/json" } : {}), ...headers },
    body: hasBody ? (typeof body === "string" ? body : JSON.stringify(body)) : null,
  });
}

/** The end of a Connect stream that has no messages. */
export async function endOfStream(
  response: Response,
): Promise<{ error?: { code: string; message: string }; metadata?: Record<string, string[]> }> {
  const bytes = new Uint8Array(await response.arrayBuffer());
  if (bytes[0] !== 2) throw new Error(`the stream starts with flags ${bytes[0]}`);
  return JSON.parse(new TextDecoder().decode(bytes.subarray(5)));
}

/** The `waitMs` of rules in tests: on a busy machine a Durable Object takes longer than the default, and the rule would decide without it. */
export const PATIENT_MS = 30_000;
