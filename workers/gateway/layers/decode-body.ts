// Decompresses the body of a REST call, within the limit of the route, before it is read as JSON or as raw bytes.
import { Rejected } from "../../../core/rejection.ts";
import { decompress, isEncoded } from "../bodies/decompress.ts";
import type { Layer } from "../call/layer.ts";

/** @see RFC 9110, section 15.5.16: 415 with Accept-Encoding for a coding that is not accepted */
export function decodeBody(): Layer {
  return (next) => (call) => {
    const { request, outgoing } = call;
    const { body } = outgoing;
    if (body === null) return next(call);
    const encoding = request.headers.get("content-encoding");
    if (!isEncoded(encoding)) return next(call);
    if (body instanceof ReadableStream)
      throw new Rejected({ kind: "unsupported_encoding", found: encoding, accepted: [], advertise: "accept-encoding" });
    outgoing.body = decompress(body, encoding, call.route.maxBodyBytes, "accept-encoding", call.route.maxInflation);
    return next(call);
  };
}
