// google.rpc.RetryInfo in the errors of upstreams: callers wait as long as it says, so it is bounded as `Retry-After` is.
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import type { ConnectError } from "@connectrpc/connect";
import { MAX_RETRY_AFTER_MS } from "../../../core/retry/retry-after.ts";
import { RetryInfoSchema } from "../../../protos/gen/google/rpc/error_details_pb.ts";

const MAX_SECONDS = BigInt(MAX_RETRY_AFTER_MS / 1_000);
const TYPE = RetryInfoSchema.typeName;

type Details = ConnectError["details"];

/** @returns the details with a bounded delay, without those that cannot be read; the same array where there is none to change */
export function boundRetryInfo(details: Details): Details {
  if (!details.some(isRetryInfo)) return details;
  return details.flatMap((detail): Details => {
    if (!isRetryInfo(detail)) return [detail];
    const value = boundedRetryInfo(detail.value);
    return value === undefined ? [] : [{ type: detail.type, value }];
  });
}

/** A detail of an upstream. Those of the gateway itself have their descriptor. */
function isRetryInfo(detail: Details[number]): detail is Extract<Details[number], { readonly type: string }> {
  return "type" in detail && detail.type.slice(detail.type.lastIndexOf("/") + 1) === TYPE;
}

/** @returns undefined where the bytes are no RetryInfo with a time */
function boundedRetryInfo(bytes: Uint8Array): Uint8Array<ArrayBuffer> | undefined {
  try {
    const { retryDelay } = fromBinary(RetryInfoSchema, bytes);
    if (retryDelay === undefined) return undefined;
    const isNegative = retryDelay.seconds < 0n || retryDelay.nanos < 0;
    const isLong = retryDelay.seconds >= MAX_SECONDS;
    const bounded = isNegative ? { seconds: 0n, nanos: 0 } : isLong ? { seconds: MAX_SECONDS, nanos: 0 } : retryDelay;
    return toBinary(RetryInfoSchema, create(RetryInfoSchema, { retryDelay: bounded }));
  } catch {
    return undefined;
  }
}
