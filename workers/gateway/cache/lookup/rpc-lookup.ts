// What an RPC call asks the cache for: a method and a message, whatever protocol and form it comes in.
import type { DescMethod } from "@bufbuild/protobuf";
import { base64Encode } from "@bufbuild/protobuf/wire";
import { cacheKey, textOfBytes } from "../../../../core/cache/cache-key.ts";
import { type Directives, NO_DIRECTIVES, parseCacheControl } from "../../../../core/cache/headers/directives.ts";
import { parseTagTemplate } from "../../../../core/cache/purge/tag-template.ts";
import { Lru } from "../../../../core/cache/store/lru.ts";
import type { CachePolicy } from "../../../../core/config/cache.ts";
import type { Call, Clock } from "../../call.ts";
import { CONNECT_UNARY } from "../../protocol/protocol.ts";
import { rpcRenderer } from "../responses/rpc-response.ts";
import { canonicalBytes } from "./canonical-message.ts";
import { type Bypass, bypass, type Lookup, type LookupBuilder } from "./lookup.ts";
import { tagsOf } from "./message-tags.ts";
import { authorizationOf, dimensionsOf, keyedHeaders, scopeOf } from "./scope.ts";

export interface RpcLookupSettings {
  readonly method: DescMethod;
  readonly policy: CachePolicy;
  readonly principalHeader: string | undefined;
  readonly namesVersion: ((call: Call) => boolean) | undefined; // such calls pass by
}

/** The message of a call, once it has been decoded and brought to its one form. */
interface Written {
  readonly resource: string;
  readonly present: Lookup["render"];
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly tags: readonly string[];
}

interface Known extends Written {
  asked?: Lookup | Bypass;
}

const MOST_MESSAGE_BYTES = 65_536; // a longer message is no key
const MOST_WRITTEN = 8_192; // of a message as it was written, that is remembered: characters
const REMEMBERED = { maxEntries: 2_000, maxBytes: 1_048_576 };
const NEVER = Number.POSITIVE_INFINITY;

export function rpcLookups({ method, policy, principalHeader, namesVersion }: RpcLookupSettings): LookupBuilder {
  const route = `${method.parent.typeName}/${method.name}`;
  const path = `/${route}`;
  const names = policy.vary;
  const templates = policy.tags.map(parseTagTemplate);
  const known = new Lru<Known>(REMEMBERED); // by what callers have written: most write the same again, and nothing is decoded then
  const answerFor = rpcRenderer(method);

  const isOfAll = policy.scope === "shared" && names.length === 0 && policy.clientControl === "ignore";
  const isFit: Lookup["fitsProtocol"] = (status, fields) => {
    const contentType = fields.get("content-encoding") === null ? (fields.get("content-type") ?? "") : "";
    return contentType.startsWith(status === 200 ? "application/proto" : "application/json");
  };

  const askedBy = ({ headers }: Request, { resource, bytes, tags, present }: Written): Lookup | Bypass => {
    const authorization = authorizationOf(headers, policy);
    if (authorization === "passes") return bypass("authorization");
    const scope = scopeOf(headers, policy, principalHeader);
    if (scope === undefined) return bypass("scope");
    const dimensions = dimensionsOf(headers, names);
    return {
      kind: "asked",
      key: cacheKey(route, scope, resource, dimensions),
      resource,
      tags,
      upstreamCall: (call, clock) => told(call, clock, path, bytes, keyedHeaders(call, names, dimensions, policy, principalHeader)),
      varyFields: undefined,
      hasAuthorization: authorization === "forwarded",
      directives: directivesOf(headers, policy),
      isShareable: true,
      fitsProtocol: isFit,
      render: present,
    };
  };
  // Where nothing but the message counts, all callers without credentials ask for the same.
  const asked = (call: Call, written: Known): Lookup | Bypass => {
    const { request } = call;
    if (namesVersion?.(call) === true) return bypass("version");
    if (!isOfAll || request.headers.has("authorization")) return askedBy(request, written);
    written.asked ??= askedBy(request, written);
    return written.asked;
  };

  const ask: LookupBuilder["build"] = (call) => {
    const written = writtenOf(call);
    const before = written === undefined ? undefined : known.get(written, 0);
    if (before !== undefined) return asked(call, before);
    const message = call.message();
    if (message === undefined) return bypass("message"); // the upstream says better what is wrong with it
    const bytes = canonicalBytes(method.input, message);
    if (bytes === undefined || bytes.byteLength > MOST_MESSAGE_BYTES) return bypass("message");
    const resource = `${path}?message=${base64Encode(bytes, "url")}`;
    const one: Known = { resource, bytes, tags: tagsOf(templates, message), present: answerFor(call) };
    if (written !== undefined) known.set(written, one, 600 + written.length + 2 * resource.length + bytes.byteLength, NEVER, 0);
    return asked(call, one);
  };
  const recalled: LookupBuilder["remembered"] = (call) => {
    const { query } = call.outgoing;
    const before = query.length > MOST_WRITTEN ? undefined : known.get(query, 0);
    const one = before === undefined ? undefined : asked(call, before);
    return one?.kind === "asked" ? one : undefined;
  };
  return { needs: "whole_body", build: ask, remembered: recalled };
}

/** The message as it was written, with all that says how to read it; undefined where that is too long to remember. */
function writtenOf({ protocol, request, outgoing }: Call): string | undefined {
  const { method, query, body } = outgoing;
  if (method === "GET") return query.length > MOST_WRITTEN ? undefined : query;
  if (body instanceof ReadableStream || (body?.byteLength ?? 0) > MOST_WRITTEN) return undefined;
  const text = textOfBytes(body ?? new Uint8Array());
  if (protocol.kind === "rest") return text; // it has been turned into the message already
  const { headers } = request;
  const packed = headers.get(protocol.kind === "grpc_web" ? "grpc-encoding" : "content-encoding") ?? "";
  return `${protocol.kind}\n${headers.get("content-type") ?? ""}\n${packed}\n${text}`;
}

/** The call in its one form, made of what the key is made of. */
function told(call: Call, clock: Clock, path: string, body: Uint8Array<ArrayBuffer>, headers: Headers): Call {
  headers.set("content-type", "application/proto");
  headers.set("connect-protocol-version", "1");
  headers.set("accept-encoding", "identity");
  return call.forCache({ method: "POST", path, query: "", headers, body }, CONNECT_UNARY, clock);
}

function directivesOf(headers: Headers, { clientControl }: CachePolicy): Directives {
  if (clientControl === "ignore") return NO_DIRECTIVES;
  const asked = new Map(parseCacheControl(headers.get("cache-control")));
  asked.delete("only-if-cached"); // no RPC error says that there is nothing
  return asked;
}
