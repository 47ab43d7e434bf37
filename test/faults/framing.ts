// Bodies of HTTP/1.1 messages on a raw socket: by their declared length, or in chunks.

/** How much of a body is still to come; it changes while the body is read. */
export type Framing =
  | { readonly kind: "length"; left: number }
  | { readonly kind: "chunks"; left: number; isLast: boolean }
  | { readonly kind: "close" };

export interface Taken {
  readonly data: Buffer; // content, without framing
  readonly rest: Buffer; // not read yet
  readonly isEnded: boolean;
}

/** Of a request: without either header it has no body. */
export function framingOf(fields: ReadonlyMap<string, string>): Framing {
  if (/chunked/i.test(fields.get("transfer-encoding") ?? "")) return { kind: "chunks", left: 0, isLast: false };
  return { kind: "length", left: Number(fields.get("content-length") ?? 0) };
}

/** Takes what belongs to the body out of the bytes that have arrived. */
export function takeBody(bytes: Buffer, framing: Framing): Taken {
  if (framing.kind === "close") return { data: bytes, rest: Buffer.alloc(0), isEnded: false };
  if (framing.kind === "length") {
    const data = bytes.subarray(0, framing.left);
    framing.left -= data.length;
    return { data, rest: bytes.subarray(data.length), isEnded: framing.left === 0 };
  }
  const parts: Buffer[] = [];
  let rest = bytes;
  for (;;) {
    if (framing.left > 0) {
      const part = rest.subarray(0, framing.left);
      framing.left -= part.length;
      rest = rest.subarray(part.length);
      parts.push(part);
      if (framing.left > 0) return { data: Buffer.concat(parts), rest, isEnded: false };
    }
    // Either the end of the chunk before and a size, or the size of the first chunk, or the end of the last one.
    const match = framing.isLast
      ? /^\r\n/.exec(rest.toString("latin1", 0, 2))
      : /^(?:\r\n)?([0-9a-f]+)[^\r\n]*\r\n/i.exec(rest.toString("latin1", 0, 100));
    if (match === null) return { data: Buffer.concat(parts), rest, isEnded: false };
    rest = rest.subarray(match[0].length);
    if (framing.isLast) return { data: Buffer.concat(parts), rest, isEnded: true };
    framing.left = Number.parseInt(match[1]!, 16);
    framing.isLast = framing.left === 0;
  }
}
