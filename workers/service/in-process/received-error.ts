// Errors of a call within the isolate, as a client receives them over a network: a copy, without the cause and the stack of the service.
import { Code, ConnectError } from "@connectrpc/connect";
import { mergeNonProtocolHeaders } from "@connectrpc/connect/protocol";
import { errorFromJson, errorToJson } from "@connectrpc/connect/protocol-connect";
import type { Settings } from "../settings.ts";

/** An error that the host makes itself. */
export function wireError(message: string, code: Code, metadata?: HeadersInit): ConnectError {
  const error = new ConnectError(message, code, metadata);
  error.isWireError = true; // a caller that throws it on does not hand on its metadata
  return error;
}

/**
 * Details go through their encoding; headers and trailers of the response become metadata.
 *
 * @param error within the limits of the host: `limitError`
 */
export function asReceived(error: ConnectError, header: Headers, trailer: Headers, { json }: Pick<Settings, "json">): ConnectError {
  const metadata = new Headers(header);
  if (!error.isWireError) mergeNonProtocolHeaders(metadata, error.metadata);
  for (const [name, value] of trailer) metadata.append(name, value);
  metadata.set("content-type", "application/json");
  return errorFromJson(errorToJson(error, json), metadata, new ConnectError("internal error", Code.Internal));
}

/** The error in a response of the host in JSON: a refusal before the message is read. */
export async function errorOf(response: Response): Promise<ConnectError> {
  const fallback = new ConnectError(`status ${response.status}`, Code.Unavailable);
  try {
    return errorFromJson(await response.json(), response.headers, fallback);
  } catch {
    return fallback;
  }
}
