// The options of a service, with their defaults.
import type { Registry } from "@bufbuild/protobuf";
import type { Interceptor } from "@connectrpc/connect";
import type { Compression } from "@connectrpc/connect/protocol";
import { MAX_DEPTH } from "../../core/mesh/depth.ts";
import type { AdmissionSettings } from "../../core/overload/admission.ts";
import { compressions, compressionsWithin } from "./compression.ts";
import { MAX_STREAMS } from "./host/stream-limit.ts";
import { ADMISSION } from "./host-load.ts";
import type { IdempotencyOptions } from "./idempotency/key-settings.ts";
import type { IdentityOptions } from "./identity/options.ts";
import { STRICT_JSON } from "./json-text.ts";
import type { FaultSource } from "./mesh/inject-faults.ts";

export interface ServiceOptions {
  /** They run around every call, the first one outermost. */
  readonly interceptors?: readonly Interceptor[];
  /** Size of the largest request message, bytes before compression. 1 MiB by default: a message of that size can cost a second of CPU. */
  readonly readMaxBytes?: number;
  /** How often a compressed request message may be larger than it is sent, beyond 64 KiB. 100 by default; gzip can do 1,030. */
  readonly maxInflation?: number;
  /**
   * Most elements of a request message: fields, including those of nested messages, list items and map entries. They are counted before it
   * is decoded, in messages of at least 4 KiB. 100 000 by default.
   */
  readonly maxMessageElements?: number;
  /**
   * Size of the largest response message, bytes before compression; a larger one is refused with `resource_exhausted`. An error with its
   * details, and the trailers of a call, are at most 64 KiB of it. 16 MiB by default, as much as a gateway accepts by default.
   */
  readonly writeMaxBytes?: number;
  /** Longest timeout, ms: it holds for calls that request a longer one. No bound by default. */
  readonly maxTimeoutMs?: number;
  /**
   * Whether the host serves `grpc.reflection.v1` (and v1alpha) and `grpc.health.v1`, or the limits of reflection: requests in one stream,
   * and the size of a response. By default it does, with 16 requests and 262,144 bytes.
   */
  readonly discovery?: boolean | { readonly maxMessages: number; readonly maxMessageBytes: number };
  /** What happens to calls above the capacity of the host: nothing, they are logged, or they are refused. "enforce" by default. */
  readonly overload?: "off" | "report" | "enforce";
  /** Largest number of calls in flight in one isolate. 10 000 by default. */
  readonly maxInFlight?: number;
  /** Largest number of open streams in one isolate; a stream counts until its response has ended. 5 000 by default. */
  readonly maxStreams?: number;
  /**
   * Whether calls are counted for the gateway's `/metrics`. Only where the environment binds the Durable Object class `Relay` of the gateway as
   * `RELAY`. True by default.
   */
  readonly metrics?: boolean;
  /** Whether each call has a span in the platform's traces. Each one costs about 30 µs of CPU time. False by default. */
  readonly spans?: boolean;
  /** The types that a google.protobuf.Any may contain where it is read or written as JSON. */
  readonly registry?: Registry;
  /**
   * Admits only calls that have come through the gateway, or from a Worker that is listed, and proves who makes them: `callerOf(context)`.
   * Needed where the Worker has a public address. Off by default.
   */
  readonly identity?: IdentityOptions;
  /** Methods that may be repeated with the same `Idempotency-Key`: the effect is not repeated, the response is. None by default. */
  readonly idempotency?: IdempotencyOptions;
  /** Services that a call may have been through before this one; a longer chain is refused as a circle. 16 by default. */
  readonly maxDepth?: number;
  /** Delays and errors for a share of the calls, to test what callers do then; may come from the environment, as JSON text. None by default. */
  readonly faults?: FaultSource;
}

export interface Settings {
  readonly interceptors: Interceptor[];
  readonly readMaxBytes: number;
  readonly writeMaxBytes: number;
  readonly maxMessageElements: number;
  readonly compressions: Compression[]; // accepted, and bounded by `maxInflation`
  readonly maxTimeoutMs: number;
  readonly overload: "off" | "report" | "enforce";
  readonly admission: AdmissionSettings;
  readonly maxStreams: number;
  readonly metrics: boolean;
  readonly spans: boolean;
  readonly maxDepth: number;
  readonly json: {
    readonly ignoreUnknownFields: false;
    readonly registry?: Registry;
    readonly textDecoder: typeof STRICT_JSON;
  };
}

export function settingsOf({
  interceptors = [],
  readMaxBytes = 1_048_576,
  writeMaxBytes = 16_777_216,
  maxMessageElements = 100_000,
  maxInflation,
  maxTimeoutMs = Number.MAX_SAFE_INTEGER,
  overload = "enforce",
  maxInFlight = ADMISSION.max,
  maxStreams = MAX_STREAMS,
  metrics = true,
  spans = false,
  maxDepth = MAX_DEPTH,
  registry,
}: ServiceOptions): Settings {
  return {
    interceptors: [...interceptors],
    readMaxBytes,
    writeMaxBytes,
    maxMessageElements,
    compressions: maxInflation === undefined ? compressions : compressionsWithin(maxInflation),
    maxTimeoutMs,
    overload,
    admission: { ...ADMISSION, max: maxInFlight },
    maxStreams,
    metrics,
    spans,
    maxDepth,
    json: { ignoreUnknownFields: false, textDecoder: STRICT_JSON, ...(registry !== undefined && { registry }) },
  };
}
