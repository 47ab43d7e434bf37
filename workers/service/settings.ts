// The options of a service, with their defaults.
import type { Registry } from "@bufbuild/protobuf";
import type { Interceptor } from "@connectrpc/connect";
import type { AdmissionSettings } from "../../core/overload/admission.ts";
import { ADMISSION } from "./host-load.ts";

export interface ServiceOptions {
  /** They run around every call, the first one outermost. */
  readonly interceptors?: readonly Interceptor[];
  /** Size of the largest request message, bytes before compression. 1 MiB by default: a message of that size can cost a second of CPU. */
  readonly readMaxBytes?: number;
  /** Longest timeout that a caller may set, ms; a call with a longer one is refused. No bound by default. */
  readonly maxTimeoutMs?: number;
  /** Whether the host serves `grpc.reflection.v1` (and v1alpha) and `grpc.health.v1`. True by default. */
  readonly discovery?: boolean;
  /** What happens to calls above the capacity of the host: nothing, they are logged, or they are refused. "enforce" by default. */
  readonly overload?: "off" | "report" | "enforce";
  /** Largest number of calls in flight in one isolate. 10 000 by default. */
  readonly maxInFlight?: number;
  /** The types that a google.protobuf.Any may contain where it is read or written as JSON. */
  readonly registry?: Registry;
}

export interface Settings {
  readonly interceptors: Interceptor[];
  readonly readMaxBytes: number;
  readonly maxTimeoutMs: number;
  readonly overload: "off" | "report" | "enforce";
  readonly admission: AdmissionSettings;
  readonly json: {
    readonly ignoreUnknownFields: false;
    readonly registry?: Registry;
    readonly textDecoder: TextDecoder;
  };
}

// It may be shared: without the option `stream`, a decoder keeps no state between calls.
const STRICT_UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: false });

export function settingsOf({
  interceptors = [],
  readMaxBytes = 1_048_576,
  maxTimeoutMs = Number.MAX_SAFE_INTEGER,
  overload = "enforce",
  maxInFlight = ADMISSION.max,
  registry,
}: ServiceOptions): Settings {
  return {
    interceptors: [...interceptors],
    readMaxBytes,
    maxTimeoutMs,
    overload,
    admission: { ...ADMISSION, max: maxInFlight },
    json: { ignoreUnknownFields: false, textDecoder: STRICT_UTF8, ...(registry !== undefined && { registry }) },
  };
}
