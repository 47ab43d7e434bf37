// gRPC-Web in text mode, as Google's generator speaks it by default: base64 in pieces, to upstreams that know nothing of it.
import { encodeEnvelope } from "@connectrpc/connect/protocol";
import { describe, expect, it } from "vitest";
import { gatewayTo, type Upstream, USER } from "../../../support/gateway.ts";

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);
const joined = (...parts: Uint8Array[]): Uint8Array => Uint8Array.from(parts.flatMap((part) => [...part]));
const base64 = (bytes: Uint8Array): string => btoa(String.fromCharCode(...bytes));
const bytesOf = (text: string): Uint8Array => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
const trailers = (text: string): Uint8Array => encodeEnvelope(0x80, utf8(text));
const MESSAGE = joined(Uint8Array.of(10, 5), utf8("Ada L"));
const REQUEST = encodeEnvelope(0, joined(Uint8Array.of(10, 3), utf8("a b")));
const ANSWER = joined(encodeEnvelope(0, MESSAGE), trailers("grpc-status: 0\r\nx-end: yes\r\n"));

function speaking(protocol: "both" | "connect" | "grpc_web", upstream: Upstream) {
  return gatewayTo(upstream, { services: { "users.v1.UserService": { upstream: { binding: "USERS", protocol } } } });
}

/** @param body base64, whole or in chunks */
function call(method: string, body: string | string[], headers: Record<string, string> = {}): Request {
  const chunks = typeof body === "string" ? body : new Blob(body).stream().pipeThrough(new TransformStream());
  const text = { "content-type": "application/grpc-web-text", accept: "application/grpc-web-text", "x-grpc-web": "1" };
  return new Request(`https://gateway.example/users.v1.UserService/${method}`, {
    method: "POST",
    headers: { ...text, ...headers },
    body: chunks,
  });
}

/** A response in pieces of base64, each padded on its own. */
const pieces = (text: string): Uint8Array => joined(...(text.match(/[^=]+={0,2}/g) ?? []).map(bytesOf));

describe("a unary call in text mode", () => {
  it("reaches an upstream that speaks gRPC-Web in the binary form, and so comes back as text", async () => {
    const seen: Request[] = [];
    const gateway = speaking("grpc_web", (request) => {
      seen.push(request.clone() as Request);
      return new Response(ANSWER, { headers: { "content-type": "application/grpc-web+proto" } });
    });
    const response = await gateway(call("GetUser", base64(REQUEST)));
    expect(response.headers.get("content-type")).toBe("application/grpc-web-text");
    expect(pieces(await response.text())).toEqual(ANSWER);
    const [request] = seen as [Request];
    expect(request.headers.get("content-type")).toBe("application/grpc-web");
    expect(request.headers.get("accept") ?? "").not.toContain("text");
    expect(new Uint8Array(await request.arrayBuffer())).toEqual(REQUEST);
  });

  it("is translated for an upstream that speaks Connect", async () => {
    let sent: [string | null, Uint8Array] = [null, new Uint8Array()];
    const gateway = speaking("connect", async (request) => {
      sent = [request.headers.get("content-type"), new Uint8Array(await request.arrayBuffer())];
      return new Response(MESSAGE, { headers: { "content-type": "application/proto", "trailer-x-end": "yes" } });
    });
    const response = await gateway(call("GetUser", base64(REQUEST), { "content-type": "application/grpc-web-text+proto; charset=utf-8" }));
    expect(response.headers.get("content-type")).toBe("application/grpc-web-text+proto");
    expect(pieces(await response.text())).toEqual(ANSWER);
    expect(sent).toEqual(["application/proto", REQUEST.slice(5)]);
  });

  it("may come in pieces that are padded anywhere", async () => {
    const gateway = speaking("connect", async (request) => {
      expect(new Uint8Array(await request.arrayBuffer())).toEqual(REQUEST.slice(5));
      return new Response(MESSAGE, { headers: { "content-type": "application/proto" } });
    });
    for (let cut = 0; cut <= REQUEST.length; cut++) {
      const response = await gateway(call("GetUser", base64(REQUEST.slice(0, cut)) + base64(REQUEST.slice(cut))));
      expect([cut, response.headers.get("grpc-status"), response.status]).toEqual([cut, null, 200]);
    }
    const letters = base64(REQUEST);
    expect((await gateway(call("GetUser", [...letters]))).headers.get("grpc-status")).toBeNull();
  });

  it.each([
    ["characters that are no base64", `${base64(REQUEST)} `, "no base64"],
    ["binary under the text type", "\u0000\u0000\u0000\u0000\u0000", "no base64"],
    ["base64 that is cut short", base64(REQUEST).slice(0, -1), "cut short"],
  ])("with %s is the caller's mistake", async (_, body, why) => {
    let calls = 0;
    const gateway = speaking("connect", () => {
      calls += 1;
      return Response.json(USER);
    });
    const response = await gateway(call("GetUser", body));
    expect(response.status).toBe(200); // gRPC-Web has its status in headers
    expect(response.headers.get("content-type")).toBe("application/grpc-web-text");
    expect([response.headers.get("grpc-status"), decodeURIComponent(response.headers.get("grpc-message")!)]).toEqual([
      "3",
      expect.stringContaining(why),
    ]);
    expect(calls).toBe(0);
  });

  it("is held to the limit of its message, not of its base64", async () => {
    const limited = gatewayTo(() => new Response(MESSAGE, { headers: { "content-type": "application/proto" } }), {
      services: { "users.v1.UserService": { upstream: { binding: "USERS", protocol: "connect" }, maxBodyBytes: 300 } },
    });
    const sized = (bytes: number) => call("GetUser", base64(encodeEnvelope(0, new Uint8Array(bytes))));
    expect((await limited(sized(300))).headers.get("grpc-status")).toBeNull();
    expect((await limited(sized(301))).headers.get("grpc-status")).toBe("8");
  });

  it("that fails has its status where its client looks: in the headers, or in the trailers", async () => {
    const error = { code: "not_found", message: "no such user" };
    const gateway = speaking("connect", () => Response.json(error, { status: 404 }));
    const response = await gateway(call("GetUser", base64(REQUEST)));
    expect(new TextDecoder().decode(pieces(await response.text()).slice(5))).toContain("grpc-status: 5");
    const unknown = await gateway(call("Nothing", base64(REQUEST)));
    expect([unknown.headers.get("grpc-status"), unknown.headers.get("content-type")]).toEqual(["12", "application/grpc-web-text"]);
  });

  it("is refused with the types that are taken where its codec is none", async () => {
    const gateway = speaking("both", () => Response.json(USER));
    const response = await gateway(call("GetUser", "", { "content-type": "application/grpc-web-text+thrift" }));
    expect(decodeURIComponent(response.headers.get("grpc-message")!)).toContain("application/grpc-web-text+proto");
  });

  it("may be requested by Accept alone", async () => {
    const gateway = speaking("grpc_web", () => new Response(ANSWER, { headers: { "content-type": "application/grpc-web+proto" } }));
    const url = "https://gateway.example/users.v1.UserService/GetUser";
    const headers = { "content-type": "application/grpc-web+proto", accept: "application/grpc-web-text+proto" };
    const response = await gateway(new Request(url, { method: "POST", headers, body: REQUEST }));
    expect(response.headers.get("content-type")).toBe("application/grpc-web-text+proto");
    expect(pieces(await response.text())).toEqual(ANSWER);
  });
});

describe("a stream of responses in text mode", () => {
  it.each(["connect", "grpc_web"] as const)("leaves message by message, from an upstream that speaks %s", async (protocol) => {
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
    const writer = writable.getWriter();
    const contentType = protocol === "connect" ? "application/connect+proto" : "application/grpc-web+proto";
    const gateway = speaking(protocol, () => new Response(readable, { headers: { "content-type": contentType } }));
    const response = await gateway(call("WatchUsers", base64(encodeEnvelope(0, new Uint8Array()))));
    expect(response.headers.get("content-type")).toBe("application/grpc-web-text");
    const reader = response.body!.getReader();
    const message = encodeEnvelope(0, MESSAGE);
    for (let n = 0; n < 3; n++) {
      void writer.write(message); // the next one is written when this one has arrived
      let got = new Uint8Array();
      while (got.length < message.length) {
        const { value } = await reader.read();
        got = joined(got, pieces(new TextDecoder().decode(value))) as typeof got;
      }
      expect(got).toEqual(message);
    }
    const end =
      protocol === "connect"
        ? encodeEnvelope(2, utf8('{"error":{"code":"aborted","message":"no more"}}'))
        : trailers("grpc-status: 10\r\ngrpc-message: no more\r\n");
    void writer.write(end).then(() => writer.close());
    let rest = "";
    for (let read = await reader.read(); !read.done; read = await reader.read()) rest += new TextDecoder().decode(read.value);
    expect(new TextDecoder().decode(pieces(rest).slice(5))).toContain("grpc-status: 10");
  });
});
