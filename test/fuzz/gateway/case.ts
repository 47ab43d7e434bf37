// A request as bytes: its line, its fields, an empty line and its body. Many are sent to the Worker at once.

export interface Case {
  readonly method: string;
  readonly target: string;
  readonly headers: [string, string][];
  readonly body: Uint8Array<ArrayBuffer> | null;
}

const latin1 = (bytes: Uint8Array): string => String.fromCharCode(...bytes);

/** Reads any bytes: what is missing is empty. */
export function parseCase(bytes: Uint8Array<ArrayBuffer>): Case {
  const lines: string[] = [];
  let at = 0;
  while (at < bytes.length) {
    const end = bytes.indexOf(10, at);
    const line = latin1(bytes.subarray(at, end < 0 ? bytes.length : end));
    at = end < 0 ? bytes.length : end + 1;
    if (line === "") break;
    lines.push(line);
  }
  const [method = "GET", target = "/"] = (lines[0] ?? "").split(" ");
  const headers = lines.slice(1).map((line): [string, string] => {
    const colon = line.indexOf(":");
    return [line.slice(0, Math.max(0, colon)), line.slice(colon + 1).trim()];
  });
  const body = bytes.subarray(at);
  return { method, target: target.startsWith("/") ? target : `/${target}`, headers, body: body.length === 0 ? null : body };
}

export function joinCases(inputs: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const joined = new Uint8Array(inputs.reduce((sum, input) => sum + 4 + input.length, 0));
  const view = new DataView(joined.buffer);
  let at = 0;
  for (const input of inputs) {
    view.setUint32(at, input.length);
    joined.set(input, at + 4);
    at += 4 + input.length;
  }
  return joined;
}

export function splitCases(joined: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer>[] {
  const view = new DataView(joined.buffer, joined.byteOffset);
  const inputs: Uint8Array<ArrayBuffer>[] = [];
  for (let at = 0; at < joined.length; ) {
    const length = view.getUint32(at);
    inputs.push(joined.subarray(at + 4, at + 4 + length));
    at += 4 + length;
  }
  return inputs;
}
