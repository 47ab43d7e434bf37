// A call as a team's own layer sees it: facts to read, and headers of the request for the upstream.
import type { Message } from "@bufbuild/protobuf";
import { reservedBecause } from "../../../core/header-edits/reserved-fields.ts";
import { canonicalPath } from "../../../core/path/canonical-path.ts";
import { readQuery } from "../../service/query.ts";
import type { Call } from "../call.ts";
import type { LayerCall, LayerPosition, SentHeaders, UpstreamHeaders } from "../layer.ts";
import { callerContentType } from "../protocol/message-response.ts";
import type { RestRoute } from "../transcode/rules/rules.ts";
import { type ResponseForm, respondWith } from "./respond.ts";

/** Where a layer stands in the pipeline of a route. */
export interface LayerPlace {
  readonly at: LayerPosition;
  readonly needsMessage: boolean;
  readonly rest: RestRoute | undefined; // the HTTP rule by which calls come in, where they are REST
}

const NAME = /^[A-Za-z0-9-]{1,64}$/;
const VALUE = /^[\x21-\x7e](?:[\x20-\x7e]{0,8190}[\x21-\x7e])?$/;

export class SeenCall implements LayerCall, UpstreamHeaders {
  readonly #call: Call;
  readonly #place: LayerPlace;
  readonly #form: ResponseForm | undefined; // undefined for plain HTTP

  constructor(call: Call, place: LayerPlace) {
    this.#call = call;
    this.#place = place;
    this.#form = call.route.method === undefined ? undefined : formAt(call, place);
  }

  get id(): string {
    return this.#call.id;
  }

  get protocol(): LayerCall["protocol"] {
    const { protocol, route } = this.#call;
    if (route.method === undefined) return "http";
    return protocol.kind === "rest" || protocol.kind === "grpc_web" ? protocol.kind : "connect";
  }

  get route(): LayerCall["route"] {
    return this.#call.route;
  }

  get httpMethod(): string {
    return this.#call.request.method;
  }

  get path(): string {
    return targetOf(this.#call).path;
  }

  get query(): string {
    return targetOf(this.#call).query;
  }

  /** Where a response is for several callers, the fields that are in the key of the cache. */
  get headers(): SentHeaders {
    return this.#call.isShared ? this.#call.outgoing.headers : this.#call.request.headers;
  }

  get address(): string | undefined {
    return this.#call.isShared ? undefined : (this.#call.caller.address ?? undefined);
  }

  get principal(): LayerCall["principal"] {
    return this.#call.isShared ? undefined : this.#call.principal;
  }

  get deadlineAt(): number {
    return this.#call.deadlineAt;
  }

  get signal(): AbortSignal | null {
    return this.#call.signal;
  }

  get upstream(): UpstreamHeaders {
    return this;
  }

  message(): Message | undefined {
    if (!this.#place.needsMessage) throw new TypeError('reads a message without needs: "message"; declare it, with at: "before_cache"');
    return this.#call.outgoing.body instanceof ReadableStream ? undefined : this.#call.message();
  }

  respond(message: object): Response {
    const { method } = this.#call.route;
    if (method === undefined || this.#form === undefined)
      throw new TypeError("responds with a message on a route of plain HTTP; return a Response");
    return respondWith(method, message, this.#form);
  }

  get(name: string): string | null {
    return this.#call.outgoing.headers.get(name);
  }

  set(name: string, value: string): void {
    this.#call.outgoing.headers.set(checked(name, "set"), sendable(name, value));
  }

  add(name: string, value: string): void {
    this.#call.outgoing.headers.append(checked(name, "add"), sendable(name, value));
  }

  remove(name: string): void {
    this.#call.outgoing.headers.delete(checked(name, "remove"));
  }
}

/** @throws TypeError for a field that no layer may write */
function checked(name: string, operation: "set" | "add" | "remove"): string {
  if (!NAME.test(name)) throw new TypeError(`upstream header "${name}": write a name of 1 to 64 letters, digits and "-"`);
  const reason = reservedBecause(name.toLowerCase(), operation, "request", "rpc");
  if (reason !== undefined) throw new TypeError(`upstream header "${name}" cannot be written: ${reason}`);
  return name;
}

function sendable(name: string, value: string): string {
  if (!VALUE.test(value)) throw new TypeError(`upstream header "${name}": write 1 to 8192 characters of visible ASCII`);
  return value;
}

/** What `next` changes in the call is read before: above `transcode` from the request, below it from what is sent. */
function formAt(call: Call, { at, rest }: LayerPlace): ResponseForm {
  const { outgoing, protocol, request } = call;
  if (at !== "before_upstream") {
    const isBelow = at === "before_cache";
    const contentType = callerContentType(call, request.method === "GET" ? outgoing.query : "");
    return { protocol, contentType, rest: isBelow ? undefined : rest };
  }
  const isGet = outgoing.method === "GET";
  const contentType = isGet ? `application/${readQuery(outgoing.query).encoding}` : (outgoing.headers.get("content-type") ?? "");
  return { protocol: call.isTranslated ? outgoing.protocol : protocol, contentType, rest: undefined };
}

/** Path and query as the caller has sent them; of a call for several callers, as they are in the key of the cache. */
function targetOf({ isShared, outgoing, request }: Call): { readonly path: string; readonly query: string } {
  const target = isShared ? undefined : canonicalPath(request.url);
  return target?.kind === "ok" ? target : outgoing;
}
