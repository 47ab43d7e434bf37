// Upstreams that speak one protocol only: whoever calls in the other is understood, and so is what comes back, errors and ends included.
import { encodeEnvelope } from "@connectrpc/connect/protocol";
import { describe, expect, it } from "vitest";
import { endOfStream, enveloped, gatewayTo, rest, type Upstream, USER, unary } from "../../../support/gateway.ts";

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);
const joined = async (...parts: Uint8Array[]): Promise<Uint8Array> => new Uint8Array(await new Blob(parts).arrayBuffer());
const trailers = (text: string): Uint8Array => encodeEnvelope(0x80, utf8(text));
const OK = trailers("grpc-status: 0\r\nx-end: yes\r\n");

function speaking(protocol: "connect" | "grpc_web", upstream: Upstream) {
  return gatewayTo(upstream, { services: { "users.v1.UserService": { upstream: { binding: "USERS", protocol } } } });
}

/** A gRPC-Web upstream that keeps what it is sent. */
function grpcWeb(body: () => Promise<Uint8Array>, seen: Request[] = [], headers: Record<string, string> = {}) {
  return speaking("grpc_web", async (request) => {
    seen.push(request.clone() as Request);
    return new Response(await body(), { headers: { "content-type": "application/grpc-web+json", ...headers } });
  });
}

describe("an upstream that speaks gRPC-Web", () => {
  it("gets a unary Connect call in an envelope, and its trailers come back as headers", async () => {
    const seen: Request[] = [];
    const gateway = grpcWeb(() => joined(encodeEnvelope(0, utf8(JSON.stringify(USER))), OK), seen, { "x-lead": "a" });
    const answer = await gateway(unary("GetUser", { id: USER.id }, { "connect-timeout-ms": "5000" }));
    expect(answer.status).toBe(200);
    expect(answer.headers.get("content-type")).toBe("application/json");
    expect(answer.headers.get("x-lead")).toBe("a");
    expect(answer.headers.get("trailer-x-end")).toBe("yes");
    expect(await answer.json()).toEqual(USER);
    const [request] = seen as [Request];
    expect(request.headers.get("content-type")).toBe("application/grpc-web+json");
    expect(request.headers.get("grpc-timeout")).toMatch(/^4\d{3}m$/);
    expect(request.headers.has("connect-timeout-ms")).toBe(false);
    expect(request.headers.has("connect-protocol-version")).toBe(false);
    expect(new Uint8Array(await request.arrayBuffer())).toEqual(encodeEnvelope(0, utf8(JSON.stringify({ id: USER.id }))));
  });

  it("gets a GET as a call, in the codec its query names", async () => {
    const seen: Request[] = [];
    const gateway = grpcWeb(() => joined(encodeEnvelope(0, utf8(JSON.stringify(USER))), OK), seen);
    const message = encodeURIComponent(JSON.stringify({ id: USER.id }));
    const url = `https://gateway.example/users.v1.UserService/GetUser?connect=v1&encoding=json&message=${message}`;
    const answer = await gateway(new Request(url));
    expect(await answer.json()).toEqual(USER);
    expect(seen[0]?.method).toBe("POST");
    expect(new URL(seen[0]!.url).search).toBe("");
  });

  it("gets its status as an error of Connect", async () => {
    const gateway = grpcWeb(() => joined(trailers("grpc-status: 5\r\ngrpc-message: no%20such%20user\r\nx-end: yes\r\n")));
    const answer = await gateway(unary("GetUser", { id: USER.id }));
    expect(answer.status).toBe(404);
    expect(answer.headers.get("trailer-x-end")).toBe("yes");
    expect(await answer.json()).toEqual({ code: "not_found", message: "no such user" });
  });

  it("gets errors in its headers, too", async () => {
    const gateway = grpcWeb(async () => new Uint8Array(), [], { "grpc-status": "7", "grpc-message": "no" });
    const answer = await gateway(unary("GetUser", { id: USER.id }));
    expect(answer.status).toBe(403);
    expect(await answer.json()).toEqual({ code: "permission_denied", message: "no" });
  });

  it("serves REST callers", async () => {
    const gateway = speaking("grpc_web", async () => {
      const bytes = new Uint8Array(); // an empty message: every field has its default
      return new Response(await joined(encodeEnvelope(0, bytes), OK), { headers: { "content-type": "application/grpc-web+proto" } });
    });
    const answer = await gateway(rest("GET", `/api/v1/users/${USER.id}`));
    expect([answer.status, await answer.json()]).toEqual([200, {}]);
  });

  it.each([
    ["no trailers", () => joined(encodeEnvelope(0, utf8("{}"))), "unavailable"],
    ["no status", () => joined(encodeEnvelope(0, utf8("{}")), trailers("a: b\r\n")), "internal"],
    ["no message", () => joined(OK), "unimplemented"],
    ["two messages", () => joined(encodeEnvelope(0, utf8("{}")), encodeEnvelope(0, utf8("{}")), OK), "unimplemented"],
    ["half a message", () => joined(encodeEnvelope(0, utf8("{}")).slice(0, 6)), "unavailable"],
  ])("is not believed when it answers with %s", async (_, body, code) => {
    const answer = await grpcWeb(body)(unary("GetUser", { id: USER.id }));
    expect(await answer.json()).toMatchObject({ code });
  });

  it("streams: messages pass, the trailers become the end", async () => {
    const message = encodeEnvelope(0, utf8("{}"));
    const answer = await grpcWeb(() => joined(message, OK))(enveloped("WatchUsers", "application/connect+json", "{}"));
    expect(answer.headers.get("content-type")).toBe("application/connect+json");
    const bytes = new Uint8Array(await answer.arrayBuffer());
    expect(bytes.slice(0, message.length)).toEqual(message);
    expect(JSON.parse(new TextDecoder().decode(bytes.slice(message.length + 5)))).toEqual({ metadata: { "x-end": ["yes"] } });
  });

  it.each([
    ["without details", ""],
    // google.rpc.Status { code: 5, message: "gone", details: [ErrorInfo {}] }
    ["with details", `grpc-status-details-bin: ${btoa(`\b\u0005\u0012\u0004gone\u001a*\n(type.googleapis.com/google.rpc.ErrorInfo`)}\r\n`],
  ])("streams that end with an error %s have each trailer once", async (_, details) => {
    const end = trailers(`grpc-status: 5\r\ngrpc-message: gone\r\n${details}x-end: yes\r\n`);
    const answer = await grpcWeb(() => joined(end))(enveloped("WatchUsers", "application/connect+json", "{}"));
    expect(await endOfStream(answer)).toMatchObject({ error: { code: "not_found", message: "gone" }, metadata: { "x-end": ["yes"] } });
  });

  it("streams that break off end with an error", async () => {
    const answer = await grpcWeb(async () => new Uint8Array())(enveloped("WatchUsers", "application/connect+json", "{}"));
    expect((await endOfStream(answer)).error?.code).toBe("unavailable");
  });
});

describe("an upstream that speaks Connect", () => {
  const trailersOf = async (answer: Response): Promise<string> => {
    const bytes = new Uint8Array(await answer.arrayBuffer());
    return new TextDecoder().decode(bytes.slice(bytes.lastIndexOf(0x80) + 5));
  };

  it("gets a gRPC-Web call as it wants it, and its headers come back as trailers", async () => {
    let sent = "";
    const gateway = speaking("connect", async (request) => {
      sent = `${request.headers.get("content-type")} ${request.headers.get("connect-protocol-version")} ${await request.text()}`;
      return Response.json(USER, { headers: { "trailer-x-end": "yes" } });
    });
    const answer = await gateway(enveloped("GetUser", "application/grpc-web+json", '{"id":"a"}'));
    expect(sent).toBe('application/json 1 {"id":"a"}');
    expect(answer.headers.get("content-type")).toBe("application/grpc-web+json");
    const bytes = await answer.arrayBuffer();
    const message = encodeEnvelope(0, utf8(JSON.stringify(USER)));
    expect(new Uint8Array(bytes.slice(0, message.length))).toEqual(message);
    expect(new TextDecoder().decode(bytes.slice(message.length + 5))).toBe("grpc-status: 0\r\nx-end: yes\r\n");
  });

  it("gets errors as a status", async () => {
    const gateway = speaking("connect", () => Response.json({ code: "not_found", message: "no such user" }, { status: 404 }));
    const answer = await gateway(enveloped("GetUser", "application/grpc-web+json", "{}"));
    expect(answer.status).toBe(200);
    expect(await trailersOf(answer)).toBe("grpc-message: no%20such%20user\r\ngrpc-status: 5\r\n");
  });

  it("is not called where a unary call has no message", async () => {
    const gateway = speaking("connect", () => {
      throw new Error("called");
    });
    const headers = { "content-type": "application/grpc-web+json" };
    const request = new Request("https://gateway.example/users.v1.UserService/GetUser", { method: "POST", headers, body: "" });
    expect((await gateway(request)).headers.get("grpc-status")).toBe("12");
  });

  it("streams: messages pass, the end becomes the trailers, and a wrong end an error", async () => {
    const end = (text: string) => encodeEnvelope(2, utf8(text));
    for (const [text, status] of [
      ["{}", "0"],
      ['{"error":{"code":"aborted"}}', "10"],
      ["{", "13"],
    ] as const) {
      const gateway = speaking(
        "connect",
        async () => new Response(await joined(end(text)), { headers: { "content-type": "application/connect+json" } }),
      );
      const answer = await gateway(enveloped("WatchUsers", "application/grpc-web+json", "{}"));
      expect(await trailersOf(answer)).toContain(`grpc-status: ${status}\r\n`);
    }
  });
});
