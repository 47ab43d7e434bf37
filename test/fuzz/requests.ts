// Fuzz targets around a request: its head, its credentials, its media types, and its message in binary.
import { timingSafeEqual } from "node:crypto";
import { readFileSync } from "node:fs";
import { createFileRegistry, fromBinary } from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { HEADER_RULES } from "../../core/config/headers.ts";
import { readHeaders } from "../../core/protocol/received-headers.ts";
import { Rejected } from "../../core/rejection.ts";
import type { Outgoing } from "../../workers/gateway/call/outgoing.ts";
import { hasBearer } from "../../workers/gateway/protocol/bearer.ts";
import { decodeMessage } from "../../workers/gateway/protocol/decode-message.ts";
import { requestHeaders } from "../../workers/gateway/protocol/headers.ts";
import { acceptEncodingOf, detectProtocol, mediaType, negotiateProtocol, type Protocol } from "../../workers/gateway/protocol/protocol.ts";
import { isJson, requireJson } from "../../workers/gateway/transcode/body.ts";
import { headerValue } from "../../workers/gateway/transcode/encode-response.ts";
import { parseCase } from "./gateway/case.ts";
import { checkRefusal, promise, refusing, type Target } from "./target.ts";

declare module "node:crypto" {
  namespace webcrypto {
    interface SubtleCrypto {
      timingSafeEqual(one: ArrayBuffer | ArrayBufferView, other: ArrayBuffer | ArrayBufferView): boolean;
    }
  }
}
// Node has this function elsewhere.
Object.assign(crypto.subtle, { timingSafeEqual });

const SECRET = "a-secret-of-the-operators";
const LIMITS = { maxBodyBytes: 4_096, maxMessageElements: 100 };
const set = fromBinary(FileDescriptorSetSchema, readFileSync(new URL("../differential/differential.binpb", import.meta.url)));
const { methods } = createFileRegistry(set).getService("differential.v1.Values")!;
const find = methods.find(({ name }) => name === "Find")!; // takes GET, too

const NEVER_SENT = ["connection", "transfer-encoding", "host", "cf-connecting-ip", "x-real-ip", "true-client-ip", "forwarded", "cf-worker"];

const latin1 = (bytes: Uint8Array): string => Buffer.from(bytes).toString("latin1");

/** What the first byte of an input selects: a way to send a message. */
const FORMS: readonly { readonly kind: Exclude<Protocol["kind"], "rest">; readonly headers: Readonly<Record<string, string>> }[] = [
  { kind: "connect_unary", headers: { "content-type": "application/proto" } },
  { kind: "connect_unary", headers: { "content-type": "application/json" } },
  { kind: "connect_unary", headers: { "content-type": "application/proto", "content-encoding": "gzip" } },
  { kind: "connect_unary", headers: { "content-type": "application/proto", "content-encoding": "deflate" } },
  { kind: "connect_stream", headers: { "content-type": "application/connect+proto" } },
  { kind: "connect_stream", headers: { "content-type": "application/connect+json", "connect-content-encoding": "gzip" } },
  { kind: "grpc_web", headers: { "content-type": "application/grpc-web+proto" } },
  { kind: "grpc_web", headers: { "content-type": "application/grpc-web+proto", "grpc-encoding": "gzip" } },
];

function outgoing(bytes: Buffer): Outgoing {
  const selected = (bytes[0] ?? 0) % (FORMS.length + 1);
  const rest = new Uint8Array(bytes.subarray(1));
  if (selected === FORMS.length) {
    const query = `?connect=v1&${latin1(rest)}`;
    return { method: "GET", protocol: { kind: "connect_unary" }, headers: new Headers(), body: null, query } as Outgoing;
  }
  const { kind, headers } = FORMS[selected]!;
  const protocol = { kind, contentType: headers["content-type"]! };
  return { method: "POST", protocol, headers: new Headers(headers), body: rest, query: "" } as Outgoing;
}

export const REQUEST_TARGETS: readonly Target[] = [
  {
    name: "protobuf",
    run: (bytes) => refusing(() => void decodeMessage(outgoing(bytes), find, LIMITS)),
  },
  {
    name: "tokens",
    run(bytes) {
      let headers: Headers;
      try {
        headers = new Headers({ authorization: latin1(bytes) });
      } catch {
        return; // no header can have these bytes
      }
      if (!hasBearer(headers, SECRET)) return;
      promise(latin1(bytes).trim().slice(7) === SECRET, "a wrong token is accepted");
    },
  },
  {
    name: "media-types",
    run(bytes) {
      const text = latin1(bytes);
      const type = mediaType(text);
      promise(!/[;A-Z]/.test(type) && type.length <= text.length, `the media type is ${JSON.stringify(type)}`);
      isJson(text, true);
      refusing(() => requireJson(text));
      new Headers({ "content-type": headerValue(text) });
    },
  },
  {
    name: "request-heads",
    run(bytes) {
      const { method, target, headers, body } = parseCase(new Uint8Array(bytes));
      let request: Request;
      try {
        request = new Request(`https://gateway.example${target}`, { method, headers, body });
      } catch {
        return; // the runtime makes no request of these bytes
      }
      detectProtocol(request);
      acceptEncodingOf(request);
      for (const of of methods) negotiateProtocol(request, of);
      const received = readHeaders(request.headers, HEADER_RULES);
      if (received.problem !== undefined) return checkRefusal(new Rejected(received.problem));
      const sent = requestHeaders(request, received, "/differential.v1.Values/Find");
      for (const name of NEVER_SENT) promise(!sent.has(name), `${name} is sent to the upstream`);
      for (const name of ["authorization", "cookie"]) promise(sent.get(name) === request.headers.get(name), `${name} is changed`);
      promise(sent.get("x-forwarded-for") === request.headers.get("cf-connecting-ip"), "x-forwarded-for is the caller's own");
    },
  },
];
