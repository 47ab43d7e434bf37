// Lookups of RPC calls: a resource is named by its method and message, whatever protocol and encoding the call uses.
import type { DescMethod, Message } from "@bufbuild/protobuf";
import { base64Encode } from "@bufbuild/protobuf/wire";
import { cacheKey, textOfBytes } from "../../../../core/cache/cache-key.ts";
import { type Directives, NO_DIRECTIVES, parseCacheControl } from "../../../../core/cache/headers/directives.ts";
import type { HeaderFields } from "../../../../core/cache/headers/header-list.ts";
import { parseTagTemplate, type TagTemplate } from "../../../../core/cache/purge/tag-template.ts";
import { Lru } from "../../../../core/cache/store/lru.ts";
import type { CachePolicy } from "../../../../core/config/cache.ts";
import type { Need } from "../../call/layer.ts";
import { procedureOf } from "../../call/route.ts";
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
  readonly namesVersion: ((call: Call) => boolean) | undefined; // whether a call chooses a version of the service: it bypasses the cache
}

/** What a lookup takes from the message of a call. */
interface MessageFacts {
  readonly resource: string;
  readonly render: Lookup["render"];
  readonly bytes: Uint8Array<ArrayBuffer>; // canonical form of the message
  readonly tags: readonly string[];
  lookup: Lookup | Bypass | undefined; // made with the first call, where it does not depend on the caller
}

const MAX_KEY_BYTES = 65_536; // a longer message is not used as a key
const MAX_REMEMBERED_CHARACTERS = 8_192; // a longer text of a message is decoded with each call
const REMEMBERED_MESSAGES = { maxEntries: 2_000, maxBytes: 1_048_576 };
const FACTS_BYTES = 600; // objects of one MessageFacts, beside its texts and bytes
const NEVER = Number.POSITIVE_INFINITY;

export function rpcLookups(settings: RpcLookupSettings): LookupBuilder {
  return new RpcLookups(settings);
}

class RpcLookups implements LookupBuilder {
  readonly needs: Need = "whole_body";
  readonly #settings: RpcLookupSettings;
  readonly #route: string;
  readonly #path: string;
  readonly #tagTemplates: readonly TagTemplate[];
  readonly #rendererFor: (call: Call) => Lookup["render"];
  readonly #isSameForAllCallers: boolean; // unless a call has credentials
  /** Keyed by the text of the message: callers repeat texts, and nothing is decoded then. */
  readonly #facts = new Lru<MessageFacts>(REMEMBERED_MESSAGES);

  constructor(settings: RpcLookupSettings) {
    const { method, policy } = settings;
    this.#settings = settings;
    const { name, path } = procedureOf(method);
    this.#route = name;
    this.#path = path;
    this.#tagTemplates = policy.tags.map(parseTagTemplate);
    this.#rendererFor = rpcRenderer(method);
    this.#isSameForAllCallers = policy.scope === "shared" && policy.vary.length === 0 && policy.clientControl === "ignore";
  }

  build(call: Call): Lookup | Bypass {
    const text = messageTextOf(call);
    const facts = text === undefined ? undefined : this.#facts.get(text, 0);
    return facts === undefined ? this.#buildFrom(call, call.message(), text) : this.#lookupFor(call, facts);
  }

  remembered(call: Call): Lookup | undefined {
    const { query } = call.outgoing;
    const facts = query.length > MAX_REMEMBERED_CHARACTERS ? undefined : this.#facts.get(query, 0);
    const lookup = facts === undefined ? undefined : this.#lookupFor(call, facts);
    return lookup?.kind === "lookup" ? lookup : undefined;
  }

  #buildFrom(call: Call, message: Message | undefined, text: string | undefined): Lookup | Bypass {
    if (message === undefined) return bypass("message"); // the upstream responds with the error
    const bytes = canonicalBytes(this.#settings.method.input, message);
    if (bytes === undefined || bytes.byteLength > MAX_KEY_BYTES) return bypass("message");
    const resource = `${this.#path}?message=${base64Encode(bytes, "url")}`;
    const tags = tagsOf(this.#tagTemplates, message);
    const facts: MessageFacts = { resource, bytes, tags, render: this.#rendererFor(call), lookup: undefined };
    const factsBytes = FACTS_BYTES + 2 * resource.length + bytes.byteLength;
    if (text !== undefined) this.#facts.set(text, facts, factsBytes + text.length, NEVER, 0);
    return this.#lookupFor(call, facts);
  }

  #lookupFor(call: Call, facts: MessageFacts): Lookup | Bypass {
    if (this.#settings.namesVersion?.(call) === true) return bypass("version");
    if (!this.#isSameForAllCallers || call.request.headers.has("authorization")) return this.#lookupOfCaller(call, facts);
    facts.lookup ??= this.#lookupOfCaller(call, facts);
    return facts.lookup;
  }

  #lookupOfCaller(call: Call, { resource, bytes, tags, render }: MessageFacts): Lookup | Bypass {
    const { policy } = this.#settings;
    const { headers } = call.request;
    const authorization = authorizationOf(call, policy);
    if (authorization === "bypass") return bypass("authorization");
    const scope = scopeOf(call, policy);
    if (scope === undefined) return bypass("scope");
    const dimensions = dimensionsOf(headers, policy.vary);
    return {
      kind: "lookup",
      key: cacheKey(this.#route, scope, resource, dimensions),
      resource,
      tags,
      upstreamCall: (from, clock) =>
        canonicalCall(from, clock, this.#path, bytes, keyedHeaders(from, policy.vary, dimensions, policy), policy),
      varyFields: undefined,
      hasAuthorization: authorization === "forwarded",
      directives: requestDirectives(headers, policy),
      isShareable: true,
      fitsProtocol,
      render,
    };
  }
}

function fitsProtocol(status: number, fields: HeaderFields): boolean {
  const contentType = fields.get("content-encoding") === null ? (fields.get("content-type") ?? "") : "";
  return contentType.startsWith(status === 200 ? "application/proto" : "application/json");
}

/** The message as the caller sent it, with all that says how to read it; undefined where that is too long to remember. */
function messageTextOf({ protocol, request, outgoing }: Call): string | undefined {
  const { method, query, body } = outgoing;
  if (method === "GET") return query.length > MAX_REMEMBERED_CHARACTERS ? undefined : query;
  if (body instanceof ReadableStream || (body?.byteLength ?? 0) > MAX_REMEMBERED_CHARACTERS) return undefined;
  const text = textOfBytes(body ?? new Uint8Array());
  if (protocol.kind === "rest") return text; // the transcode layer has made the body: it is the message in proto
  const { headers } = request;
  const compression = headers.get(protocol.kind === "grpc_web" ? "grpc-encoding" : "content-encoding") ?? "";
  return `${protocol.kind}\n${headers.get("content-type") ?? ""}\n${compression}\n${text}`;
}

/** The call that the upstream receives: it contains only what the key contains, in canonical form. */
function canonicalCall(
  call: Call,
  clock: Clock,
  path: string,
  body: Uint8Array<ArrayBuffer>,
  headers: Headers,
  { scope }: CachePolicy,
): Call {
  headers.set("content-type", "application/proto");
  headers.set("connect-protocol-version", "1");
  headers.set("accept-encoding", "identity");
  const isShared = scope !== "principal";
  return call.forCache({ method: "POST", path, query: "", headers, body, isShared }, CONNECT_UNARY, clock);
}

function requestDirectives(headers: Headers, { clientControl }: CachePolicy): Directives {
  if (clientControl === "ignore") return NO_DIRECTIVES;
  const directives = new Map(parseCacheControl(headers.get("cache-control")));
  directives.delete("only-if-cached"); // no RPC error means "not in the cache"
  return directives;
}
