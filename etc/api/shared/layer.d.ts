import { t as Principal } from "./principal.js";
import { DescMethod, Message } from "@bufbuild/protobuf";
/** Codes by which a layer of the team's own may refuse a call: those of Connect. */
declare const LAYER_REFUSAL_CODES: readonly ["invalid_argument", "unauthenticated", "permission_denied", "not_found", "already_exists", "resource_exhausted", "failed_precondition", "aborted", "out_of_range", "unimplemented", "unavailable"];
type LayerRefusalCode = (typeof LAYER_REFUSAL_CODES)[number];
/**
 * Where a layer runs, from the outside in. `response`: around everything, stored responses and refusals included. `before_auth`: the
 * headers have been checked, the caller is not known. `after_auth`: the caller is known, and nothing has been counted. `before_cache`: the
 * call has been counted, and its message is whole and valid. `before_upstream`: no stored response serves the call; once for all attempts.
 */
declare const LAYER_POSITIONS: readonly ["response", "before_auth", "after_auth", "before_cache", "before_upstream"];
type LayerPosition = (typeof LAYER_POSITIONS)[number];
/** A schema of any library that implements Standard Schema, such as Valibot; it has to be synchronous. @see standardschema.dev */
interface LayerSchema<Settings> {
  readonly "~standard": {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => SchemaResult<Settings> | Promise<SchemaResult<Settings>>;
    readonly types?: {
      readonly input: unknown;
      readonly output: Settings;
    } | undefined;
  };
}
type SchemaResult<Settings> = {
  readonly value: Settings;
  readonly issues?: undefined;
} | {
  readonly issues: readonly SchemaIssue[];
};
interface SchemaIssue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | {
    readonly key: PropertyKey;
  })[] | undefined;
}
/** The headers of a request, as the caller has sent them. */
interface SentHeaders {
  get(name: string): string | null;
  has(name: string): boolean;
  forEach(each: (value: string, name: string) => void): void;
}
/** The headers of the request for the upstream. A name that is reserved (docs/headers.md), or a value that cannot be sent, throws. */
interface UpstreamHeaders {
  get(name: string): string | null;
  set(name: string, value: string): void;
  add(name: string, value: string): void;
  remove(name: string): void;
}
/** A call, as a layer of the team sees it. Where a response is for several callers (a cached route), nothing of a single one is here. */
interface LayerCall {
  readonly id: string;
  readonly protocol: "connect" | "grpc_web" | "rest" | "http";
  readonly route: {
    readonly name: string;
    readonly service: string;
    readonly method: DescMethod | undefined;
  };
  readonly httpMethod: string;
  readonly path: string;
  readonly query: string;
  readonly headers: SentHeaders;
  readonly address: string | undefined;
  readonly principal: Principal | undefined;
  readonly deadlineAt: number;
  readonly signal: AbortSignal | null;
  readonly upstream: UpstreamHeaders;
  /**
   * The message of the call, decoded. For `before_cache` layers with `needs: "message"`.
   *
   * @returns undefined for a stream of requests, and for a message that cannot be read, which the upstream refuses
   */
  message(): Message | undefined;
  /**
   * A response with a message, in the protocol and encoding of the caller. For unary methods.
   *
   * @param message as its JSON form has it, or as a message of the method's output
   */
  respond(message: object): Response;
}
/**
 * Handles a call. It calls `next` once, or responds, or throws `refusal(...)`; anything else that it throws is a fault of the layer: the caller
 * gets `internal`, the log says which layer it was, and no breaker or retry counts it against an upstream.
 *
 * @param next the layers below, and the upstream: responds, or rejects with a refusal that the layer lets through
 */
type LayerHandler = (call: LayerCall, next: () => Promise<Response>) => Response | Promise<Response>;
interface CustomLayer<Settings = unknown> {
  readonly name: string;
  readonly at: LayerPosition;
  readonly needs?: "message" | undefined;
  readonly schema: LayerSchema<Settings>;
  /** Called once for each place where a configuration has settings for it. It must not wait, and may throw where they do not fit. */
  readonly layer: (settings: Settings) => LayerHandler;
}
/** @throws TypeError where the name, the position or `needs` is not one of those that are possible */
declare function defineLayer<Settings>(layer: CustomLayer<Settings>): CustomLayer;
/** What a layer throws to refuse a call. */
declare class LayerRefusal extends Error {
  readonly code: LayerRefusalCode;
  readonly retryAfterMs: number | undefined;
  constructor(code: LayerRefusalCode, message: string, retryAfterMs: number | undefined);
}
/** Whether a layer has refused the call. By its name: a bundle may have this file twice, as a module of its own and in the gateway. */
declare function isLayerRefusal(error: unknown): error is LayerRefusal;
/**
 * @param message read by the caller: printable ASCII, cut at 512 characters
 * @param options `retryAfterMs`: when the caller may try again
 */
declare function refusal(code: LayerRefusalCode, message: string, options?: {
  readonly retryAfterMs?: number;
}): LayerRefusal;
export { LayerPosition as a, SchemaIssue as c, defineLayer as d, isLayerRefusal as f, LayerHandler as i, SentHeaders as l, LAYER_POSITIONS as n, LayerRefusal as o, refusal as p, LayerCall as r, LayerSchema as s, CustomLayer as t, UpstreamHeaders as u };