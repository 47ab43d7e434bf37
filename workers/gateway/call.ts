// A call on its way through the gateway: the facts about it, each derived once.
import type { Message } from "@bufbuild/protobuf";
import type { Principal } from "../../core/auth/principal.ts";
import type { Digest } from "../../core/auth/signature/content-digest.ts";
import type { TraceRecorder } from "../../core/explain/trace-recorder.ts";
import type { Reservation } from "../../core/overload/byte-budget.ts";
import { CRITICAL, type Rank } from "../../core/overload/criticality.ts";
import { type ReceivedHeaders, readHeaders } from "../../core/protocol/received-headers.ts";
import type { Reason } from "../../core/reasons.ts";
import type { PathValues } from "../../core/transcode/path-trie.ts";
import { Caller } from "./call/caller.ts";
import { Outgoing, type OutgoingForm } from "./call/outgoing.ts";
import type { Route } from "./call/route.ts";
import { shareKeyOf } from "./call/share-key.ts";
import { type DecodedMessage, decodeMessage } from "./protocol/decode-message.ts";
import type { Protocol } from "./protocol/protocol.ts";
import type { CallSampling } from "./tracing/call-sampling.ts";

/** A request body that is sent while it arrives. */
export interface RequestUpload {
  readonly failure: unknown; // set when the body breaks off; undefined before
  readonly isOver: boolean; // nothing more of it is sent
  readonly awaitsCaller: boolean; // the next bytes have not come
  readonly signal: AbortSignal; // aborts when the body breaks off, and when the call ends
}

/**
 * Takes the tokens of further messages of a request stream from the limits of the call.
 *
 * @throws Rejected where a limit refuses them
 */
export type MessageCharge = (messages: number) => Promise<void>;

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

/** What has served a call: a response stored in the isolate, in the shared level, or stale, or none; empty where the route has no cache. */
export type CacheLevel = "" | "l1" | "l2" | "stale" | "miss";

/** A call that the cache makes. */
export interface CacheForm extends OutgoingForm {
  readonly path: string;
  readonly query: string;
  readonly isShared: boolean; // its response is for more callers than one
}

const NO_VARIABLES: PathValues = [];
const NO_MESSAGE: DecodedMessage = { kind: "unreadable", rejection: { kind: "invalid_request", message: "request has no message" } };

/**
 * One call. It is created once, when its request arrives, and handed from layer to layer; no layer copies it. Each field that changes has
 * one writer, which writes before it calls the next layer:
 *
 * | field          | writer                                                                            |
 * |----------------|-----------------------------------------------------------------------------------|
 * | `id`           | `layers/trace.ts`                                                                 |
 * | `deadlineAt`   | `layers/deadline.ts`                                                              |
 * | `digests`      | `auth/signature/signature.ts`                                                     |
 * | `principal`    | `layers/authenticate.ts`; `layers/check-digest.ts` takes it away again            |
 * | `rank`         | `layers/criticality.ts`                                                           |
 * | `hashText`     | `layers/hash-field.ts`                                                            |
 * | `upload`       | the layer that reads the body: `limit-body.ts`, or `transcode.ts` for REST streams |
 * | `chargeMessages` | `layers/rate-limit.ts`                                                         |
 * | `isTranslated` | `layers/translate.ts`                                                             |
 * | `held`         | `protocol/response-messages.ts`; `layers/rescue.ts` releases it                   |
 * | `reason`, `code` | `call/outcome.ts`                                                               |
 * | `trace`        | `trace/traced-gateway.ts`, before the first layer                                  |
 * | `attempts`, `upstreamName`, `endpoint`, `upstreamMs`, `sentMs` | `upstream/pool-hooks.ts`, by `call/end/call-progress.ts` |
 * | `requestBytes`, `responseBytes` | `layers/limit-body.ts`; `upstream/dispatch/dispatch.ts`, the layers that write another body, `layers/open-streams.ts` |
 * | `upstreamCode` | `protocol/response-check.ts`                                                      |
 * | `cacheLevel`   | `layers/cache.ts`, `layers/fast-hit.ts`                                            |
 * | `headMs`, `isEnded`, `endsWithStream` | `layers/trace.ts`, `layers/open-streams.ts`, by `call/end/call-end.ts` |
 * | `sampling`     | `tracing/tracer.ts`, before the first layer                                        |
 * | `outgoing`     | see `call/outgoing.ts`                                                           |
 */
export class Call implements Clock {
  readonly request: Request; // unchanged; its body is read through `outgoing`
  readonly protocol: Protocol; // in which the caller speaks, and in which every response to it is written
  readonly route: Route;
  readonly receivedAt: number; // epoch ms
  readonly httpMethod: string; // method of the request; each read of it from there makes a string
  readonly variables: PathValues; // what a REST path carries; empty for RPC
  readonly outgoing: Outgoing; // what is sent to the upstream
  id = ""; // request id: the caller's `x-request-id`, or a new one
  deadlineAt = Number.POSITIVE_INFINITY; // epoch ms
  digests: readonly Digest[] | undefined = undefined; // what a signature covers of its body, which is read whole and compared
  principal: Principal | undefined = undefined; // who makes it, as proven; undefined for an anonymous call
  isShared = false; // made by the cache for whoever needs the response: the upstream learns of no caller
  rank: Rank = CRITICAL; // how much the call matters
  hashText: string | undefined = undefined; // a field of its message, where endpoints are chosen by one
  upload: RequestUpload | undefined = undefined; // where the request body is sent while it arrives
  chargeMessages: MessageCharge | undefined = undefined; // where further messages of its request cost tokens
  isTranslated = false; // the upstream is called in another protocol than the caller's, so its response is read
  sampling: CallSampling | undefined = undefined; // undefined where tracing is off
  trace: TraceRecorder | undefined = undefined; // undefined for nearly all calls: nothing of them is recorded
  held: Reservation | undefined = undefined; // memory for its response, where that is read and not small
  reason: Reason | undefined = undefined; // why the gateway itself made the response; undefined for a response of the upstream, or a stored one
  code = ""; // Connect's code of a response that the gateway made, `ok` for a success; "" for other responses until the call ends
  // What its end reports. Times are whole ms: small integers, which cost no object.
  attempts = 0; // at upstreams, those of retries, hedges and host redirects included
  upstreamName = ""; // upstream of the last attempt, or of the one that responded; empty without an attempt
  endpoint = ""; // the same
  upstreamCode = ""; // code in the last error that an upstream sent in Connect's form
  upstreamMs = 0; // during which an attempt was at an upstream; without the time of an open one, see `upstreamMsAt`
  openAttempts = 0;
  openSinceMs = 0; // from its arrival to the first of them
  sentMs = -1; // from its arrival to its first attempt; -1 without one
  headMs = -1; // from its arrival to the head of its response; -1 before
  cacheLevel: CacheLevel = ""; // what has served it
  requestBytes = 0; // body of the request as it came, where its length is known
  responseBytes = 0; // body of the response, where its length is known
  endsWithStream = false; // it ends when the body of its response has ended
  isEnded = false; // its end has been reported
  origin: Call = this; // where the cache makes this call: the one for which it does
  #caller: Caller | undefined = undefined;
  #received: ReceivedHeaders | undefined = undefined;
  #decoded: DecodedMessage | undefined = undefined;
  #shareKey = 0;
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
    this.httpMethod = outgoing === undefined ? request.method : outgoing.method;
    this.outgoing =
      outgoing === undefined
        ? new Outgoing(this, protocol, this.httpMethod, path, query, request.body)
        : new Outgoing(this, protocol, this.httpMethod, path, query, outgoing.body, outgoing.headers);
  }

  /** Where the call comes from. */
  get caller(): Caller {
    this.#caller ??= new Caller(this.received);
    return this.#caller;
  }

  /** Who calls, as far as it is proven: the id of the principal, else the network. No caller can choose it. */
  get callerKey(): string {
    return this.principal?.id ?? this.caller.network;
  }

  /** Hash of the caller, by which its share of a limit is counted; never 0. */
  get shareKey(): number {
    if (this.#shareKey === 0) this.#shareKey = shareKeyOf(this.callerKey);
    return this.#shareKey;
  }

  /** The headers of the request, read once. */
  get received(): ReceivedHeaders {
    this.#received ??= readHeaders(this.request.headers, this.route.headers);
    return this.#received;
  }

  /**
   * The one message of the call, or why it cannot be read. Decoded at most once; REST has it from its transcoder. Needs the body whole.
   *
   * @throws Rejected for a message with too many elements
   */
  decoded(): DecodedMessage {
    const { route } = this;
    this.#decoded ??= route.method === undefined ? NO_MESSAGE : decodeMessage(this.outgoing, route.method, route);
    return this.#decoded;
  }

  /** The one message of the call; undefined where it cannot be read, for layers that do without it then. */
  message(): Message | undefined {
    const decoded = this.decoded();
    return decoded.kind === "message" ? decoded.message : undefined;
  }

  /** Writer: `layers/transcode.ts`, which has read the message from JSON. */
  setMessage(message: Message): void {
    this.#decoded = { kind: "message", message };
  }

  /** Lets go of the message of its request: the call is kept until its stream has ended, and nothing is sent again. */
  forgetMessage(): void {
    this.outgoing.body = null;
    this.#decoded = undefined;
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
  forCache(outgoing: CacheForm, protocol: Protocol, clock: Clock): Call {
    const { request, route, variables } = this;
    const call = new Call(request, protocol, route, outgoing.path, outgoing.query, clock.receivedAt, variables, outgoing);
    call.id = this.id;
    call.deadlineAt = clock.deadlineAt;
    call.#signal = clock.signal ?? undefined;
    call.principal = this.principal;
    call.isShared = outgoing.isShared;
    call.rank = this.rank;
    call.hashText = this.hashText;
    call.trace = this.trace;
    call.origin = this.origin;
    call.#caller = this.#caller;
    call.#received = this.#received;
    return call;
  }
}

/** The facts by which a log record names a call. */
export function logFactsOf({ id, route }: Call): { readonly requestId: string; readonly route: string } {
  return { requestId: id, route: route.name };
}
