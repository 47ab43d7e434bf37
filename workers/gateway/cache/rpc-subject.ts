// What an RPC call asks the cache for: a method and a message, whatever protocol and form it comes in.
import type { DescMethod, Message } from "@bufbuild/protobuf";
import { base64Encode } from "@bufbuild/protobuf/wire";
import { type Directives, NONE, parseCacheControl } from "../../../core/cache/directives.ts";
import { cacheKey, textOfBytes } from "../../../core/cache/key.ts";
import { Lru } from "../../../core/cache/lru.ts";
import type { CachePolicy } from "../../../core/cache/policy.ts";
import { parseTag, type TagTemplate, tagFor } from "../../../core/cache/tags.ts";
import type { Call } from "../call.ts";
import { decodeMessage } from "../message.ts";
import { type Asked, type PassedBy, passed, type Subject } from "./asked.ts";
import { canonicalBytes } from "./canonical.ts";
import { rpcAnswer } from "./rpc-answer.ts";
import { authorizationOf, dimensionsOf, keyedHeaders, scopeOf } from "./scope.ts";

export interface RpcSubjectSettings {
  readonly method: DescMethod;
  readonly policy: CachePolicy;
  readonly maxBytes: number; // of the message, uncompressed
  readonly principalHeader: string | undefined;
}

/** The message of a call, once it has been decoded and brought to its one form. */
interface Known {
  readonly resource: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly tags: readonly string[];
}

const MOST_MESSAGE_BYTES = 65_536; // a longer message is no key
const MOST_WRITTEN = 8_192; // of a message as it was written, that is remembered: characters
const REMEMBERED = { maxEntries: 2_000, maxBytes: 1_048_576 };
const NEVER = Number.POSITIVE_INFINITY;

export function rpcSubject({ method, policy, maxBytes, principalHeader }: RpcSubjectSettings): Subject {
  const route = `${method.parent.typeName}/${method.name}`;
  const path = `/${route}`;
  const names = policy.vary;
  const templates = policy.tags.map(parseTag);
  const known = new Lru<Known>(REMEMBERED); // by what callers have written: most write the same again, and nothing is decoded then
  const answerFor = rpcAnswer(method);

  const asked = (call: Call, { resource, bytes, tags }: Known): Asked | PassedBy => {
    const { headers } = call.outgoing;
    const scope = scopeOf(headers, policy, principalHeader);
    if (scope === undefined) return passed("scope");
    const authorization = authorizationOf(headers, policy);
    if (authorization === "passes") return passed("authorization");
    const dimensions = dimensionsOf(headers, names);
    return {
      kind: "asked",
      key: cacheKey(route, scope, resource, dimensions),
      resource,
      tags,
      told: () => told(call, path, bytes, keyedHeaders(headers, names, dimensions, policy, principalHeader)),
      variesBy: undefined,
      hasAuthorization: authorization === "forwarded",
      directives: directivesOf(headers, policy),
      isShareable: true,
      isFit: (status, fields) => (fields.get("content-type") ?? "").startsWith(status === 200 ? "application/proto" : "application/json"),
      present: answerFor(call),
    };
  };

  return (call) => {
    const written = writtenOf(call);
    const before = written === undefined ? undefined : known.get(written, 0);
    if (before !== undefined) return asked(call, before);
    return decodeMessage(call, method, maxBytes).then((message) => {
      if (message === undefined) return passed("message"); // the upstream says better what is wrong with it
      const bytes = canonicalBytes(method.input, message);
      if (bytes === undefined || bytes.byteLength > MOST_MESSAGE_BYTES) return passed("message");
      const resource = `${path}?message=${base64Encode(bytes, "url")}`;
      const one: Known = { resource, bytes, tags: tagsOf(templates, message, method) };
      if (written !== undefined) known.set(written, one, 400 + written.length + resource.length + bytes.byteLength, NEVER, 0);
      return asked(call, one);
    });
  };
}

/** The message as it was written, with all that says how to read it; undefined where that is too long to remember. */
function writtenOf({ protocol, outgoing: { method, query, headers, body } }: Call): string | undefined {
  if (method === "GET") return query.length > MOST_WRITTEN ? undefined : query;
  if (body instanceof ReadableStream || (body?.byteLength ?? 0) > MOST_WRITTEN) return undefined;
  const packed = headers.get(protocol.kind === "grpc_web" ? "grpc-encoding" : "content-encoding") ?? "";
  return `${protocol.kind}\n${headers.get("content-type") ?? ""}\n${packed}\n${textOfBytes(body ?? new Uint8Array())}`;
}

/** The call in its one form, made of what the key is made of. */
function told(call: Call, path: string, body: Uint8Array<ArrayBuffer>, headers: Headers): Call {
  headers.set("content-type", "application/proto");
  headers.set("connect-protocol-version", "1");
  headers.set("accept-encoding", "identity");
  return { ...call, protocol: { kind: "connect_unary" }, outgoing: { method: "POST", path, query: "", headers, body } };
}

function directivesOf(headers: Headers, { clientControl }: CachePolicy): Directives {
  if (clientControl === "ignore") return NONE;
  const asked = new Map(parseCacheControl(headers.get("cache-control")));
  asked.delete("only-if-cached"); // no RPC error says that there is nothing
  return asked;
}

function tagsOf(templates: readonly TagTemplate[], message: Message, { input }: DescMethod): readonly string[] {
  return templates.flatMap((template) => tagFor(template, (path) => valueAt(message, input.fields.length === 0 ? [] : path)) ?? []);
}

/** @param path names of fields, as the proto or protobuf-es writes them */
function valueAt(message: Message, path: readonly string[]): unknown {
  let value: unknown = path.length === 0 ? undefined : message;
  for (const name of path) {
    if (typeof value !== "object" || value === null) return undefined;
    const local = name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
    value = (value as Readonly<Record<string, unknown>>)[local];
  }
  return value;
}
