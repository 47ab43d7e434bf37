// Reads the stream of TelemetryService.Tap, as a client in JSON does.

/** An event, as JSON has it: fields with their zero value are missing. */
export interface ShownEvent {
  readonly requestId: string;
  readonly route: string;
  readonly path: string;
  readonly status: number;
  readonly code: string;
  readonly protocol: string;
  readonly skipped?: string;
  readonly reason?: string;
  readonly endpoint?: string;
  readonly [field: string]: unknown;
}

export interface TapStream {
  readonly events: ShownEvent[]; // grows
  readonly error: () => string | undefined; // code of the error that has ended the stream
  readonly skipped: () => number; // events that were left out
  end(): Promise<void>;
}

const PROCEDURE = "tidegate.telemetry.v1.TelemetryService/Tap";

/** @param send sends the request @param conditions a TapRequest in JSON */
export async function tapStream(
  send: (request: Request) => Promise<Response>,
  origin: string,
  authorization: string,
  conditions: object = {},
): Promise<TapStream> {
  const message = new TextEncoder().encode(JSON.stringify(conditions));
  const body = new Uint8Array(5 + message.byteLength);
  new DataView(body.buffer).setUint32(1, message.byteLength);
  body.set(message, 5);
  const headers = { "content-type": "application/connect+json", authorization };
  const response = await send(new Request(`${origin}/${PROCEDURE}`, { method: "POST", headers, body }));
  if (response.status !== 200 || response.body === null) throw new Error(`the stream begins with ${response.status}`);
  const reader = response.body.getReader();
  const events: ShownEvent[] = [];
  let error: string | undefined;
  let skipped = 0;
  const done = readEnvelopes(reader, (flags, text) => {
    const message = (flags & 2) === 0 && (JSON.parse(text) as ShownEvent);
    if (message !== false) {
      skipped += Number(message.skipped ?? 0);
      if (message.requestId !== undefined) events.push(message);
    } else error = (JSON.parse(text) as { error?: { code: string } }).error?.code;
  });
  return {
    events,
    error: () => error,
    skipped: () => skipped,
    end: async () => {
      await reader.cancel().catch(() => undefined);
      await done;
    },
  };
}

async function readEnvelopes(reader: ReadableStreamDefaultReader<Uint8Array>, take: (flags: number, text: string) => void): Promise<void> {
  let held = new Uint8Array(0);
  for (;;) {
    const { done, value } = await reader.read().catch(() => ({ done: true, value: undefined }) as const);
    if (done) return;
    const joined = new Uint8Array(held.byteLength + value.byteLength);
    joined.set(held);
    joined.set(value, held.byteLength);
    held = joined;
    for (;;) {
      if (held.byteLength < 5) break;
      const length = new DataView(held.buffer, held.byteOffset).getUint32(1);
      if (held.byteLength < 5 + length) break;
      take(held[0]!, new TextDecoder().decode(held.subarray(5, 5 + length)));
      held = held.slice(5 + length);
    }
  }
}
