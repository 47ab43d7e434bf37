// A call on its way through the gateway: the facts about it, each derived once.
import type { Message } from "@bufbuild/protobuf";
import { CRITICAL, type Rank } from "../../core/overload/criticality.ts";
import type { Rejected } from "../../core/rejection.ts";
import type { PathValues } from "../../core/transcode/path-trie.ts";
import { Caller } from "./call/caller.ts";
import { Outgoing, type OutgoingForm } from "./call/outgoing.ts";
import type { Route } from "./call/route.ts";
import { decodeMessage } from "./protocol/decode-message.ts";
import type { Protocol } from "./protocol/protocol.ts";

/** A request body that is sent while it arrives. */
export interface RequestUpload {
  readonly failure: unknown; // set when the body breaks off; undefined before
  readonly signal: AbortSignal; // aborts when the body breaks off, and when the call ends
}

/** Time that a call may take. */
export interface Clock {
  readonly receivedAt: number; // epoch ms
  readonly deadlineAt: number; // epoch ms
  readonly signal: AbortSignal | null; // aborts at the deadline
}

/** With this flag the platform reports that a caller has hung up. Not read without it: a signal costs an object and a listener. */
const isCallerWatched =
  (globalThis as { Cloudflare?: { compatibilityFlags?: Readonly<Record<string, boolean>> } }).Cloudflare?.compatibilityFlags?.[
    "enable_request_signal"
  ] === true;

const NO_VARIABLES: PathValues = [];

/**
 * One call. It is created once, when its request arrives, and handed from layer to layer; no layer copies it. Each field that changes has
 * one writer, which writes before it calls the next layer:
 *
 * | field          | writer                                                                            |
 * |----------------|-----------------------------------------------------------------------------------|
 * | `id`           | `layers/trace.ts`                                                                 |
 * | `deadlineAt`   | `layers/deadline.ts`                                                              |
 * | `rank`         | `layers/criticality.ts`                                                           |
 * | `hashText`     | `layers/hash-field.ts`                                                            |
 * | `upload`       | the layer that reads the body: `limit-body.ts`, or `transcode.ts` for REST streams |
 * | `isTranslated` | `layers/translate.ts`                                                             |
 * | `outgoing`     | see `call/outgoing.ts`                                                           |
 */
export class Call implements Clock {
  readonly request: Request; // unchanged; its body is read through `outgoing`
  readonly protocol: Protocol; // in which the caller speaks, and in which every response to it is written
  readonly route: Route;
  readonly receivedAt: number; // epoch ms
  readonly variables: PathValues; // what a REST path carries; empty for RPC
  readonly outgoing: Outgoing; // what is sent to the upstream
  id = ""; // request id: the caller's `x-request-id`, or a new one
  deadlineAt = Number.POSITIVE_INFINITY; // epoch ms
  rank: Rank = CRITICAL; // how much the call matters
  hashText: string | undefined = undefined; // a field of its message, where endpoints are chosen by one
  upload: RequestUpload | undefined = undefined; // where the request body is sent while it arrives
  isTranslated = false; // the upstream is called in another protocol than the caller's, so its response is read
  /** Why the JSON of the message is no ProtoJSON, though another parser could read it; known after `message()`. */
  invalidMessage: Rejected | undefined = undefined;
  #caller: Caller | undefined = undefined;
  #isDecoded = false;
  #message: Message | undefined = undefined;
  #timer: AbortSignal | undefined = undefined; // made when something waits by `signal`
  #signal: AbortSignal | undefined = undefined;

  constructor(
    request: Request,
    protocol: Protocol,
    route: Route,
    path: string,
    query: string,
    receivedAt: number,
    variables: PathValues = NO_VARIABLES,
    outgoing?: OutgoingForm,
  ) {
    this.request = request;
    this.protocol = protocol;
    this.route = route;
    this.receivedAt = receivedAt;
    this.variables = variables;
    this.outgoing =
      outgoing === undefined
        ? new Outgoing(this, protocol, request.method, path, query, request.body)
        : new Outgoing(this, protocol, outgoing.method, path, query, outgoing.body, outgoing.headers);
  }

  /** Who makes the call. */
  get caller(): Caller {
    this.#caller ??= new Caller(this.request.headers, this.route.principalHeader);
    return this.#caller;
  }

  /**
   * The one message of the call, decoded at most once; REST has it from its transcoder. Needs the body whole.
   *
   * @returns undefined where it cannot be decoded: the upstream reports better what is wrong with it
   */
  message(): Message | undefined {
    if (!this.#isDecoded) this.#decode();
    return this.#message;
  }

  /** Writer: `layers/transcode.ts`, which has read the message from JSON. */
  setMessage(message: Message): void {
    this.#message = message;
    this.#isDecoded = true;
  }

  /** Aborts when the call is over: at its deadline, or when its caller hangs up. Null before the deadline is known. */
  get signal(): AbortSignal | null {
    if (this.#signal !== undefined) return this.#signal;
    if (this.deadlineAt === Number.POSITIVE_INFINITY) return null;
    this.#timer = AbortSignal.timeout(Math.max(0, this.deadlineAt - Date.now()));
    this.#signal = isCallerWatched ? AbortSignal.any([this.#timer, this.request.signal]) : this.#timer;
    return this.#signal;
  }

  /** Aborts when nothing more is to be sent: as `signal`, and when the request body breaks off. */
  get sendSignal(): AbortSignal | null {
    return this.upload === undefined ? this.signal : this.upload.signal;
  }

  /** Why the call is over, as far as something has waited by its signal; undefined while it goes on. */
  get endedBy(): "deadline" | "caller" | undefined {
    if (this.#timer?.aborted === true) return "deadline";
    return this.#signal?.aborted === true ? "caller" : undefined;
  }

  /**
   * The call that the cache makes to the upstream on behalf of this one. It has a clock of its own, since it may outlive the call that
   * started it, and the same form for all callers that share its response.
   */
  forCache(outgoing: OutgoingForm & { readonly path: string; readonly query: string }, protocol: Protocol, clock: Clock): Call {
    const { request, route, variables } = this;
    const call = new Call(request, protocol, route, outgoing.path, outgoing.query, clock.receivedAt, variables, outgoing);
    call.id = this.id;
    call.deadlineAt = clock.deadlineAt;
    call.#signal = clock.signal ?? undefined;
    call.rank = this.rank;
    call.hashText = this.hashText;
    call.#caller = this.#caller;
    return call;
  }

  #decode(): void {
    this.#isDecoded = true;
    const { method, maxBodyBytes } = this.route;
    if (method === undefined) return;
    const { message, invalid } = decodeMessage(this.outgoing, method, maxBodyBytes);
    this.#message = message;
    this.invalidMessage = invalid;
  }
}

/** The facts by which a log record names a call. */
export function logFactsOf({ id, route }: Call): { readonly requestId: string; readonly route: string } {
  return { requestId: id, route: route.name };
}
