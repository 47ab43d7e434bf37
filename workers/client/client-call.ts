// One call of a client: the facts on which its attempts depend.
import type { DescMethod } from "@bufbuild/protobuf";
import { MethodOptions_IdempotencyLevel } from "@bufbuild/protobuf/wkt";
import type { HandlerContext } from "@connectrpc/connect";
import { CRITICALITY_HEADER } from "../../core/headers.ts";
import { CRITICAL, parseRank, type Rank } from "../../core/overload/criticality.ts";
import type { OutboundCall, UploadState } from "../call/outbound-call.ts";

/** Where an attempt of a call is about to be sent. */
export interface Hop {
  readonly service: string; // full name: `users.v1.UserService`
  readonly method: string; // `GetUser`
  readonly isBinding: boolean; // the called Worker learns from its binding which Worker calls it
  readonly during: HandlerContext | undefined; // the call that is being served
}

/** What a transport adds to each call. */
export interface CallFacts {
  readonly method: DescMethod;
  readonly during: HandlerContext | undefined;
  readonly key: string; // hashing balancers choose an endpoint by it
  readonly isGrpcWeb: boolean;
  readonly isJson: boolean;
  readonly isRaw: boolean; // the transport decompresses bodies; otherwise the platform does
  readonly maxBytes: number; // largest response message
  /** Writes the headers of one request to one endpoint. @returns a promise where they have to be waited for */
  prepare(headers: Headers, hop: Hop): Promise<void> | undefined;
}

/** The request of a call, which all its attempts send. */
export interface SentRequest {
  readonly method: string;
  readonly path: string; // `/users.v1.UserService/GetUser`
  readonly query: string; // empty, or starts with `?`
  readonly headers: Headers;
  readonly body: ReadableStream<Uint8Array> | Uint8Array<ArrayBuffer> | null;
}

export class ClientCall implements OutboundCall {
  readonly receivedAt = Date.now(); // epoch ms; when it was made
  readonly deadlineAt: number; // epoch ms
  readonly rank: Rank;
  readonly outgoing: SentRequest;
  readonly sendSignal: AbortSignal | null;
  readonly upload: UploadState | undefined;
  readonly trace: undefined;
  readonly facts: CallFacts;
  isSpent = false; // no more attempts are made of it: a caller that retries must not retry it
  /** Bodies that were read whole, of the responses to its attempts. */
  readonly bodies = new Map<Response, readonly Uint8Array[]>();

  /** @param upload where its body is sent while its messages are made; `signal` aborts where these break off */
  constructor(
    facts: CallFacts,
    timeoutMs: number | undefined,
    outgoing: SentRequest,
    signal: AbortSignal | undefined,
    upload?: UploadState,
  ) {
    this.facts = facts;
    this.deadlineAt = timeoutMs === undefined ? Number.POSITIVE_INFINITY : this.receivedAt + timeoutMs;
    this.rank = parseRank(outgoing.headers.get(CRITICALITY_HEADER)) ?? CRITICAL;
    this.outgoing = outgoing;
    this.upload = upload;
    this.sendSignal = signal ?? null;
  }

  /** Whether it may be sent again where an endpoint may have worked on it already. */
  get isIdempotent(): boolean {
    const { idempotency } = this.facts.method;
    return idempotency !== MethodOptions_IdempotencyLevel.IDEMPOTENCY_UNKNOWN || this.outgoing.headers.has("idempotency-key");
  }

  /** Whether two attempts may run side by side. */
  get hasNoSideEffects(): boolean {
    return this.facts.method.idempotency === MethodOptions_IdempotencyLevel.NO_SIDE_EFFECTS;
  }

  hopTo(isBinding: boolean): Hop {
    const { method, during } = this.facts;
    return { service: method.parent.typeName, method: method.name, isBinding, during };
  }
}
