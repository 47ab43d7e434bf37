// What every client that is written in TypeScript is put through, in Node and in the browser.
import { type Client, Code, ConnectError, createClient, type Transport } from "@connectrpc/connect";
import { BadRequestSchema, ErrorInfoSchema, RetryInfoSchema } from "../../protos/gen/google/rpc/error_details_pb.ts";
import { LabService } from "./gen/lab/v1/lab_pb.ts";

export interface Scenario {
  readonly name: string;
  run(): Promise<void>;
}

export interface Result {
  readonly name: string;
  readonly why: string | undefined; // undefined where it passed
}

export interface Options {
  readonly id: string; // a name of this client, unique among all runs
  readonly sendsStreams: boolean;
  readonly allCodes: boolean;
}

export function scenarios(transport: Transport, options: Options): Scenario[] {
  const client = createClient(LabService, transport);
  return [
    { name: "unary, with leading and trailing metadata", run: () => unary(client) },
    { name: "a message of 200 KiB both ways", run: () => large(client) },
    { name: "a stream of responses", run: () => stream(client) },
    ...(options.sendsStreams ? [{ name: "a stream of requests", run: () => sum(client) }] : []),
    { name: "an error with details and metadata", run: () => failure(client) },
    { name: "an error after two messages", run: () => midStream(client) },
    ...(options.allCodes ? [{ name: "all 16 codes", run: () => codes(client) }] : []),
    { name: "a deadline", run: () => deadline(client, `${options.id}-deadline`) },
    { name: "a stream canceled by its client", run: () => cancellation(client, `${options.id}-cancel`) },
  ];
}

type Lab = Client<typeof LabService>;

async function unary(client: Lab): Promise<void> {
  const metadata: Record<string, string | null> = {};
  const response = await client.echo(
    { text: "Grüße \u{1f600}", data: Uint8Array.of(0, 255) },
    {
      headers: { "x-lead": "first" },
      onHeader: (headers) => {
        metadata["leading"] = headers.get("x-leading");
      },
      onTrailer: (trailers) => {
        metadata["trailing"] = trailers.get("x-trailing");
      },
    },
  );
  same([response.text, [...response.data]], ["Grüße \u{1f600}", [0, 255]]);
  same(metadata, { leading: "first", trailing: "at the end" });
  same(response.headers["x-lead"], "first");
}

async function large(client: Lab): Promise<void> {
  // Compresses to a fourteenth with gzip and to a 69th with br; what compresses to a hundredth is refused (maxInflation).
  const data = Uint8Array.from({ length: 204_800 }, (_, index) => (index % 7 < 3 ? Math.imul(index, 2_654_435_761) >>> 24 : 0));
  const response = await client.echo({ text: "l".repeat(1_000), data });
  same([response.text.length, response.data.length, response.data[700]], [1_000, 204_800, data[700]]);
}

async function stream(client: Lab): Promise<void> {
  const numbers: number[] = [];
  for await (const { number } of client.count({ count: 3, everyMs: 20 })) numbers.push(number);
  same(numbers, [1, 2, 3]);
}

async function sum(client: Lab): Promise<void> {
  const requests = async function* () {
    for (const number of [1, 2, 3, 4]) yield { number };
  };
  const { sum, count } = await client.sum(requests());
  same([sum, count], [10, 4]);
}

async function failure(client: Lab): Promise<void> {
  const error = await errorOf(client.fail({ code: Code.FailedPrecondition, message: "geht nicht: Grüße %" }));
  same([Code[error.code], error.rawMessage, error.metadata.get("x-meta")], ["FailedPrecondition", "geht nicht: Grüße %", "kept"]);
  same(error.findDetails(ErrorInfoSchema)[0]?.metadata["key"], "wert ü");
  same(error.findDetails(BadRequestSchema)[0]?.fieldViolations[0]?.field, "text");
  same(error.findDetails(RetryInfoSchema)[0]?.retryDelay?.seconds, 2n);
}

async function midStream(client: Lab): Promise<void> {
  const numbers: number[] = [];
  const all = (async () => {
    for await (const { number } of client.count({ count: 2, failWith: Code.Aborted })) numbers.push(number);
  })();
  const error = await errorOf(all);
  same([numbers, Code[error.code], error.rawMessage], [[1, 2], "Aborted", "after 2"]);
  same(error.findDetails(ErrorInfoSchema).length, 1);
}

async function codes(client: Lab): Promise<void> {
  for (let code: Code = 1; code <= 16; code++) {
    const error = await errorOf(client.fail({ code, message: `code ${code}` }));
    same([error.code, error.rawMessage, error.findDetails(ErrorInfoSchema).length], [code, `code ${code}`, 1]);
  }
}

async function deadline(client: Lab, id: string): Promise<void> {
  const startedAt = Date.now();
  const error = await errorOf(client.sleep({ id, ms: 30_000 }, { timeoutMs: 2_000 }));
  same(Code[error.code], "DeadlineExceeded");
  truthy(Date.now() - startedAt < 20_000, "the deadline came too late");
  const { hasStarted, timeoutMs } = await client.report({ id });
  truthy(hasStarted && timeoutMs > 0 && timeoutMs <= 2_000, `the upstream was sent a timeout of ${timeoutMs} ms`);
}

async function cancellation(client: Lab, id: string): Promise<void> {
  const stop = new AbortController();
  const reading = (async () => {
    for await (const _ of client.count({ id, count: 1_000, everyMs: 50 }, { signal: stop.signal })) stop.abort();
  })();
  same(Code[(await errorOf(reading)).code], "Canceled");
  for (const late = Date.now() + 30_000; !(await client.report({ id })).wasCanceled; ) {
    truthy(Date.now() < late, "the upstream did not receive the cancellation within 30 s");
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

async function errorOf(call: Promise<unknown>): Promise<ConnectError> {
  try {
    await call;
  } catch (error) {
    return ConnectError.from(error);
  }
  throw new Error("the call succeeded");
}

function same(found: unknown, wanted: unknown): void {
  const text = (value: unknown) => JSON.stringify(value, (_, part: unknown) => (typeof part === "bigint" ? `${part}n` : part));
  truthy(text(found) === text(wanted), `found ${text(found)}, not ${text(wanted)}`);
}

function truthy(isSo: boolean, message: string): void {
  if (!isSo) throw new Error(message);
}
