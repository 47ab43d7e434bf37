// What the author of a service may set, with its defaults.
import type { Registry } from "@bufbuild/protobuf";
import type { Interceptor } from "@connectrpc/connect";
import type { AdmissionSettings } from "../../core/overload/admission.ts";
import { ADMISSION } from "./host-load.ts";

export interface ServiceOptions {
  /** Run around every call, the first one outermost. */
  readonly interceptors?: readonly Interceptor[];
  /** Largest request message, uncompressed bytes. 1 MiB by default: a message of that size can already cost a second of CPU. */
  readonly readMaxBytes?: number;
  /** Longest deadline a caller may ask for, ms; one who asks for more is refused. No bound by default. */
  readonly maxTimeoutMs?: number;
  /** Whether callers may ask what is served here: `grpc.reflection.v1` (and v1alpha) and `grpc.health.v1`. True by default. */
  readonly discovery?: boolean;
  /** What happens to calls that are more than the host can do: nothing, they are reported to its log, or refused. "enforce" by default. */
  readonly overload?: "off" | "report" | "enforce";
  /** Calls in flight of one isolate at most (S1). 10 000 by default. */
  readonly maxInFlight?: number;
  /** The types that may stand in a google.protobuf.Any that is read or written as JSON. */
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

// Without state between calls, as long as nobody asks it to decode a stream.
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
