// A team's own layer: what it is made of, what it may read and change of a call, and how it refuses one. Everything that a team imports for it.
import type { DescMethod, Message } from "@bufbuild/protobuf";
import type { Principal } from "../../core/auth/principal.ts";
import { LAYER_NAME } from "../../core/config/layers.ts";
import { LAYER_REFUSAL_CODES, type LayerRefusalCode } from "../../core/rejection.ts";

/**
 * Where a layer runs, from the outside in. `response`: around everything, stored responses and refusals included. `before_auth`: the
 * headers have been checked, the caller is not known. `after_auth`: the caller is known, and nothing has been counted. `before_cache`: the
 * call has been counted, and its message is whole and valid. `before_upstream`: no stored response serves the call; once for all attempts.
 */
export const LAYER_POSITIONS = ["response", "before_auth", "after_auth", "before_cache", "before_upstream"] as const;
export type LayerPosition = (typeof LAYER_POSITIONS)[number];

/** A schema of any library that implements Standard Schema, such as Valibot; it has to be synchronous. @see standardschema.dev */
export interface LayerSchema<Settings> {
  readonly "~standard": {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => SchemaResult<Settings> | Promise<SchemaResult<Settings>>;
    readonly types?: { readonly input: unknown; readonly output: Settings } | undefined;
  };
}

type SchemaResult<Settings> = { readonly value: Settings; readonly issues?: undefined } | { readonly issues: readonly SchemaIssue[] };

export interface SchemaIssue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

/** The headers of a request, as the caller has sent them. */
export interface SentHeaders {
  get(name: string): string | null;
  has(name: string): boolean;
  forEach(each: (value: string, name: string) => void): void;
}

/** The headers of the request for the upstream. A name that is reserved (docs/headers.md), or a value that cannot be sent, throws. */
export interface UpstreamHeaders {
  get(name: string): string | null;
  set(name: string, value: string): void;
  add(name: string, value: string): void;
  remove(name: string): void;
}

/** A call, as a layer of the team sees it. Where a response is for several callers (a cached route), nothing of a single one is here. */
export interface LayerCall {
  readonly id: string; // request id
  readonly protocol: "connect" | "grpc_web" | "rest" | "http"; // `http`: a route of plain HTTP
  readonly route: {
    readonly name: string; // `users.v1.UserService/GetUser`, or the prefix of a route of plain HTTP
    readonly service: string;
    readonly method: DescMethod | undefined; // undefined for plain HTTP
  };
  readonly httpMethod: string;
  readonly path: string; // canonical, as the caller has sent it
  readonly query: string; // empty, or starts with `?`
  readonly headers: SentHeaders;
  readonly address: string | undefined; // where the call comes from
  readonly principal: Principal | undefined; // who calls, as proven; undefined before authentication, and for anonymous callers
  readonly deadlineAt: number; // epoch ms; Infinity in `response` before `next`
  readonly signal: AbortSignal | null; // aborts when the call is over; null in `response` before `next`
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
export type LayerHandler = (call: LayerCall, next: () => Promise<Response>) => Response | Promise<Response>;

export interface CustomLayer<Settings = unknown> {
  readonly name: string; // a configuration uses it by this name: 1 to 48 lower-case letters, digits and `-`
  readonly at: LayerPosition;
  readonly needs?: "message" | undefined; // reads the message of the call; for `before_cache` alone
  readonly schema: LayerSchema<Settings>; // checks its settings in a configuration
  /** Called once for each place where a configuration has settings for it. It must not wait, and may throw where they do not fit. */
  readonly layer: (settings: Settings) => LayerHandler;
}

/** @throws TypeError where the name, the position or `needs` is not one of those that are possible */
export function defineLayer<Settings>(layer: CustomLayer<Settings>): CustomLayer {
  const { name, at, needs } = layer;
  if (!LAYER_NAME.test(name)) throw new TypeError(`layer "${name}": write a name of 1 to 48 lower-case letters, digits and "-"`);
  if (!LAYER_POSITIONS.includes(at)) throw new TypeError(`layer "${name}": at is "${at}"; write one of ${LAYER_POSITIONS.join(", ")}`);
  if (needs === "message" && at !== "before_cache")
    throw new TypeError(`layer "${name}": needs is "message" at ${at}; write at: "before_cache", where the message has been read`);
  return layer as CustomLayer; // its settings come from its own schema
}

/** What a layer throws to refuse a call. */
export class LayerRefusal extends Error {
  readonly code: LayerRefusalCode;
  readonly retryAfterMs: number | undefined;

  constructor(code: LayerRefusalCode, message: string, retryAfterMs: number | undefined) {
    super(message);
    this.name = "LayerRefusal";
    this.code = code;
    this.retryAfterMs = retryAfterMs;
  }
}

/** Whether a layer has refused the call. By its name: a bundle may have this file twice, as a module of its own and in the gateway. */
export function isLayerRefusal(error: unknown): error is LayerRefusal {
  if (!(error instanceof Error) || error.name !== "LayerRefusal" || !("code" in error)) return false;
  return LAYER_REFUSAL_CODES.some((code) => code === error.code);
}

/**
 * @param message read by the caller: printable ASCII, cut at 512 characters
 * @param options `retryAfterMs`: when the caller may try again
 */
export function refusal(code: LayerRefusalCode, message: string, options: { readonly retryAfterMs?: number } = {}): LayerRefusal {
  return new LayerRefusal(code, message, options.retryAfterMs);
}
