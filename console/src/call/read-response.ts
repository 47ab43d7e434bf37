// Reads the body of a response while it arrives: text, or messages in envelopes and the end of their stream.
import { envelopeReader, FLAGS, type TextEnvelope } from "./envelopes.ts";

export type ResponsePart =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "message"; readonly json: string }
  | { readonly kind: "end"; readonly code: string; readonly message: string }; // code `ok` where the call has succeeded

const CODES = [
  ...["ok", "canceled", "unknown", "invalid_argument", "deadline_exceeded", "not_found", "already_exists", "permission_denied"],
  ...["resource_exhausted", "failed_precondition", "aborted", "out_of_range", "unimplemented", "internal", "unavailable", "data_loss"],
  "unauthenticated",
];

/** Parts of the response in the order in which they arrive. */
export async function* partsOf(response: Response): AsyncGenerator<ResponsePart> {
  const type = response.headers.get("content-type") ?? "";
  const isConnect = type.startsWith("application/connect+");
  if (!isConnect && !type.startsWith("application/grpc-web")) return yield* textParts(response);
  let hasEnded = false;
  for await (const { flags, text } of envelopesOf(response)) {
    if (isConnect ? (flags & FLAGS.connectEnd) !== 0 : (flags & FLAGS.grpcWebTrailers) !== 0) {
      hasEnded = true;
      yield isConnect ? connectEnd(text) : grpcWebEnd(new Headers(fieldsOf(text)));
    } else yield { kind: "message", json: (flags & FLAGS.compressed) === 0 ? text : "(compressed message)" };
  }
  if (hasEnded) return;
  // A gRPC-Web response without a message has its status in the headers.
  if (response.headers.has("grpc-status")) yield grpcWebEnd(response.headers);
  else yield { kind: "end", code: "unknown", message: "the response ended without a status" };
}

async function* textParts(response: Response): AsyncGenerator<ResponsePart> {
  const decoder = new TextDecoder();
  for await (const chunk of chunksOf(response)) yield { kind: "text", text: decoder.decode(chunk, { stream: true }) };
  const rest = decoder.decode();
  if (rest !== "") yield { kind: "text", text: rest };
}

async function* envelopesOf(response: Response): AsyncGenerator<TextEnvelope> {
  const read = envelopeReader();
  for await (const chunk of chunksOf(response)) yield* read(chunk);
}

async function* chunksOf({ body }: Response): AsyncGenerator<Uint8Array> {
  const reader = body?.getReader();
  if (reader === undefined) return;
  for (let chunk = await reader.read(); !chunk.done; chunk = await reader.read()) yield chunk.value;
}

/** The last envelope of a Connect stream: `{}`, or the error of the call. */
function connectEnd(text: string): ResponsePart {
  const { error } = JSON.parse(text) as { error?: { code?: string; message?: string } };
  return { kind: "end", code: error === undefined ? "ok" : (error.code ?? "unknown"), message: error?.message ?? "" };
}

function grpcWebEnd(headers: Headers): ResponsePart {
  const status = Number(headers.get("grpc-status") ?? "2");
  return { kind: "end", code: CODES[status] ?? `code ${status}`, message: decoded(headers.get("grpc-message") ?? "") };
}

/** Fields as HTTP/1 writes them. */
function fieldsOf(text: string): [string, string][] {
  return text.split("\r\n").flatMap((line): [string, string][] => {
    const colon = line.indexOf(":");
    return colon <= 0 ? [] : [[line.slice(0, colon).trim(), line.slice(colon + 1).trim()]];
  });
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
