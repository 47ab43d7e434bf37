// What the gateway checks is what the upstream reads. Odd requests go through a gateway that enforces rules to two real hosts, this
// project's and the one of connect-es: each request is refused, or both sides read the same message.
import { env } from "cloudflare:workers";
import type { Message } from "@bufbuild/protobuf";
import { createConnectRouter } from "@connectrpc/connect";
import { universalServerRequestFromFetch, universalServerResponseToFetch } from "@connectrpc/connect/protocol";
import { afterEach, describe, expect, it, vi } from "vitest";
import { configure } from "../../workers/gateway/configure/configuration.ts";
import { protovalidate } from "../../workers/gateway/configure/protovalidate.ts";
import { createGateway } from "../../workers/gateway/gateway.ts";
import { compressions } from "../../workers/service/compression.ts";
import { defineService } from "../../workers/service.ts";
import { mutated } from "../fuzz/mutate.ts";
import { seeded } from "../support/cache-traces.ts";
import descriptors from "../support/notes/notes.descriptors.ts";
import { HIDDEN, MAX_BODY_BYTES, NOTE_SERVICE, noteOf, noteService, textOf, USUAL } from "../support/notes/odd-requests.ts";

type Read = (message: Message) => void;

/** An implementation that reports each message that its host has read. */
function noting(read: Read) {
  const add = (message: Message) => {
    read(message);
    return { id: "n1" };
  };
  async function* tail(message: Message) {
    yield add(message);
  }
  return { addNote: add, findNote: add, tailNotes: tail } as never;
}

const HOSTS = {
  "this project's host": (read: Read) => {
    const { fetch } = defineService(noteService, () => noting(read));
    return (request: Request) => fetch(request, {});
  },
  "the host of connect-es": (read: Read) => {
    const router = createConnectRouter({ acceptCompression: compressions });
    router.service(noteService, noting(read));
    return async (request: Request) => {
      const handler = router.handlers.find(({ requestPath }) => requestPath === new URL(request.url).pathname)!;
      return universalServerResponseToFetch(await handler(universalServerRequestFromFetch(request, {})));
    };
  },
} as const;

interface Sent {
  readonly code: string | undefined; // Connect's name for it; undefined for no error
  readonly calls: number; // requests to the upstream
  readonly checked: readonly string[]; // messages that the gateway has held to the rules, as JSON
  readonly read: readonly string[]; // messages that the upstream has read
}

type Send = (request: Request) => Promise<Sent>;

/** A gateway in front of a host. */
function gatewayTo(host: keyof typeof HOSTS, settings: object = { validate: "enforce" }): Send {
  let sent = { calls: 0, checked: [] as string[], read: [] as string[] };
  const fetchHost = HOSTS[host]((message) => void sent.read.push(textOf(message)));
  const fetch = (url: string, init: RequestInit): Promise<Response> => {
    sent.calls += 1;
    return fetchHost(new Request(url, init));
  };
  const route = { upstream: { binding: "NOTES" }, retries: false, breaker: { mode: "off" }, maxBodyBytes: MAX_BODY_BYTES, ...settings };
  const config = { descriptors: [descriptors], services: { [NOTE_SERVICE]: { ...route, methods: { ImportNotes: { validate: "off" } } } } };
  const rules = protovalidate();
  const validator: typeof rules = (desc, message) => {
    sent.checked.push(textOf(message));
    return rules(desc, message);
  };
  const gateway = createGateway(configure(config as never, [], { TOKEN_BUCKET: env.TOKEN_BUCKET, NOTES: { fetch } }, { validator }));
  return async (request) => {
    sent = { calls: 0, checked: [], read: [] };
    const code = await codeOf(await gateway(request));
    return { code, ...sent };
  };
}

const GRPC_CODES: Readonly<Record<string, string>> = { 3: "invalid_argument", 8: "resource_exhausted", 12: "unimplemented" };

async function codeOf(response: Response): Promise<string | undefined> {
  const grpcStatus = response.headers.get("grpc-status");
  const text = new TextDecoder().decode(await response.arrayBuffer());
  return grpcStatus === null ? /"code":"(\w+)"/.exec(text)?.[1] : GRPC_CODES[grpcStatus];
}

afterEach(() => void vi.restoreAllMocks());

describe.each(Object.keys(HOSTS) as (keyof typeof HOSTS)[])("before %s, a gateway that enforces rules", (host) => {
  const send = gatewayTo(host);

  it.each(HIDDEN)("refuses %s", async (_, request, code = "invalid_argument") => {
    const sent = await send(request());
    expect([sent.code, sent.calls]).toEqual([code, 0]);
  });

  it.each(USUAL)("reads the same message as the upstream: %s", async (_, request) => {
    const { checked, read } = await send(request());
    expect(checked).toHaveLength(1);
    if (read.length > 0) expect(read).toEqual(checked);
  });

  it("never lets the upstream read another message: every odd request, without its rules broken", async () => {
    vi.spyOn(console, "warn").mockImplementation(() => undefined);
    const report = gatewayTo(host, { validate: "report" });
    for (const [name, request] of HIDDEN) {
      const { checked, read } = await report(request());
      if (read.length > 0 && checked.length > 0) expect([name, read]).toEqual([name, checked]);
    }
  });

  it("never lets the upstream read another message, or one that breaks a rule: random changes of all these requests", async () => {
    const odd = await Promise.all(HIDDEN.map(([, make]) => bytesOf(make())));
    const usual = await Promise.all(USUAL.map(([, make]) => bytesOf(make())));
    const seed = Math.floor(Math.random() * 2 ** 31);
    const random = seeded(seed);
    let passed = 0;
    for (let number = 0; number < CASES; number++) {
      const { request, bytes: whole, kind } = usual[Math.floor(random() * usual.length)]!;
      const others = [...odd, ...usual].filter((one) => one.kind === kind);
      const other = others[Math.floor(random() * others.length)]!;
      const bytes = mutated([whole, other.bytes], random);
      const { checked, read } = await send(withBytes(request, bytes));
      const name = `seed ${seed}, case ${number}`;
      expect([name, read]).toEqual([name, read.length === 0 ? [] : checked]);
      for (const text of read) expect([name, brokenBy(text)]).toEqual([name, undefined]);
      passed += read.length;
    }
    expect(passed).toBeGreaterThan(CASES / 300);
  });
});

const CASES = 3_000; // each may leave a timer, and the one request that a test is has 10,000 of them

/** A request, and the part of it that is changed: its body, or the query of a GET. */
async function bytesOf(request: Request) {
  const body = Buffer.from(await request.clone().arrayBuffer());
  const kind = request.headers.get("content-type") ?? request.method;
  return { request, kind, bytes: request.method === "GET" ? Buffer.from(new URL(request.url).search.slice(1)) : body };
}

function withBytes(request: Request, bytes: Buffer): Request {
  const { url, method, headers } = request;
  if (method === "GET") return new Request(`${url.split("?", 1)[0]}?${bytes.toString("latin1")}`, { headers });
  return new Request(url, { method, headers, body: new Uint8Array(bytes) });
}

const rules = protovalidate();

/** @param text a note as JSON */
function brokenBy(text: string): string | undefined {
  return rules(noteService.method["addNote"]!.input, noteOf(text))?.describe("note");
}
