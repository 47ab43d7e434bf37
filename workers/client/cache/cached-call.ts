// How a transport finds the cache of its responses: so that a service without one does not load it.
import type { DescMessage, DescMethodUnary, MessageInitShape } from "@bufbuild/protobuf";
import { MethodOptions_IdempotencyLevel } from "@bufbuild/protobuf/wkt";
import type { HandlerContext, UnaryResponse } from "@connectrpc/connect";

/** Responses in this isolate. Make it once, not for each call. */
export interface ResponseCache {
  readonly size: number; // responses
  readonly bytes: number; // memory of them
  /** Forgets all responses. */
  clear(): void;
}

/** A call that may have a response already. */
export interface CachedCall<I extends DescMessage, O extends DescMessage> {
  readonly target: object | string;
  readonly method: DescMethodUnary<I, O>;
  readonly message: MessageInitShape<I>;
  readonly during: HandlerContext | undefined;
}

/** Responds to a call, or makes it. */
export interface Responder {
  respond<I extends DescMessage, O extends DescMessage>(
    call: CachedCall<I, O>,
    make: () => Promise<UnaryResponse<I, O>>,
  ): Promise<UnaryResponse<I, O>>;
}

const RESPONDERS = new WeakMap<ResponseCache, Responder>();

export function registerCache(cache: ResponseCache, responder: Responder): void {
  RESPONDERS.set(cache, responder);
}

/** Methods that may have side effects are always called. @param cache undefined for none */
export function cachedCall<I extends DescMessage, O extends DescMessage>(
  cache: ResponseCache | undefined,
  call: CachedCall<I, O>,
  make: () => Promise<UnaryResponse<I, O>>,
): Promise<UnaryResponse<I, O>> {
  const isRead = call.method.idempotency === MethodOptions_IdempotencyLevel.NO_SIDE_EFFECTS;
  const responder = cache !== undefined && isRead ? RESPONDERS.get(cache) : undefined;
  return responder === undefined ? make() : responder.respond(call, make);
}
