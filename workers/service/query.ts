// The query of a Connect GET: percent-encoded bytes, read strictly. `URLSearchParams` would accept broken ones.
import { base64Decode } from "@bufbuild/protobuf/wire";
import { Code, ConnectError } from "@connectrpc/connect";

const BASE64 = /^[A-Za-z0-9_/+-]*={0,2}$/;

/** The parameters that Connect defines, still percent-encoded; the first one of a name counts. */
export interface ConnectQuery {
  readonly connect: string | null;
  readonly encoding: string | null;
  readonly compression: string | null;
  readonly base64: string | null;
  readonly message: string | null;
}

export function readQuery(url: string): ConnectQuery {
  const parameters: Record<string, string | null> = {
    connect: null,
    encoding: null,
    compression: null,
    base64: null,
    message: null,
  };
  const start = url.indexOf("?");
  const query = start < 0 ? "" : (url.slice(start + 1).split("#", 1)[0] ?? "");
  for (const pair of query.split("&")) {
    const equals = pair.indexOf("=");
    const name = equals < 0 ? pair : pair.slice(0, equals);
    if (parameters[name] === null) parameters[name] = equals < 0 ? "" : pair.slice(equals + 1);
  }
  return parameters as unknown as ConnectQuery; // the five names above
}

/** @returns the decoded bytes of the message @throws ConnectError `invalid_argument` */
export function messageOf({ message, base64 }: ConnectQuery): Uint8Array<ArrayBuffer> {
  const bytes = percentDecode(message ?? "");
  if (base64 !== "1") return bytes;
  const text = new TextDecoder().decode(bytes);
  if (!BASE64.test(text)) throw malformed("is not base64");
  try {
    return base64Decode(text);
  } catch {
    throw malformed("is not base64");
  }
}

function percentDecode(text: string): Uint8Array<ArrayBuffer> {
  const raw = new TextEncoder().encode(text);
  const bytes = new Uint8Array(raw.byteLength);
  let size = 0;
  for (let at = 0; at < raw.byteLength; at++) {
    const byte = raw[at]!;
    if (byte === 0x25 /* % */) {
      const hex = String.fromCharCode(raw[at + 1] ?? 0, raw[at + 2] ?? 0);
      if (!/^[0-9A-Fa-f]{2}$/.test(hex)) throw malformed("is not percent-encoded");
      bytes[size++] = Number.parseInt(hex, 16);
      at += 2;
    } else {
      bytes[size++] = byte === 0x2b /* + */ ? 0x20 : byte;
    }
  }
  return bytes.slice(0, size);
}

function malformed(problem: string): ConnectError {
  return new ConnectError(`query parameter "message" ${problem}`, Code.InvalidArgument);
}
