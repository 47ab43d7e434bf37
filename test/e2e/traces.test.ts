// One call is one trace: the gateway, the service behind it and the service's Durable Object, as the platform records it, and as a collector
// of one's own receives it. All of them run in workerd.
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { subjects } from "../../bench/subjects.ts";
import { type Running, start } from "../../bench/workerd.ts";

const CALLER = { traceId: "0af7651916cd43dd8448eb211c80319c", spanId: "b7ad6b7169203331" };
const SECRET = "Bearer a secret of the collector";
const METHOD = "users.v1.UserService/ListUsers";
const DEADLINE_MS = 30_000;

/** An event of the platform's traces. */
interface TailEvent {
  readonly invocationId: string;
  readonly spanContext: { readonly traceId: string; readonly spanId?: string }; // the parent
  readonly event: {
    readonly type: string;
    readonly name?: string;
    readonly spanId?: string;
    readonly entrypoint?: string;
    readonly executionModel?: string;
    readonly info?: {
      readonly headers?: readonly { readonly name: string; readonly value: string }[];
      readonly url?: string;
    };
  };
}

interface OtlpSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly kind: number;
}

const folder = mkdtempSync(join(tmpdir(), "tidegate-traces-"));
const tail: TailEvent[] = [];
const spans: OtlpSpan[] = [];
const secrets = new Set<string | undefined>();
let gateway: Running | undefined;

const collector = createServer(async (request, response) => {
  let text = "";
  for await (const chunk of request) text += String(chunk);
  const body = JSON.parse(text);
  if (request.url === "/tail") tail.push(body);
  else {
    secrets.add(request.headers.authorization);
    spans.push(...body.resourceSpans[0].scopeSpans[0].spans);
  }
  response.end("{}");
});

beforeAll(async () => {
  await new Promise<void>((resolve) => collector.listen(0, "127.0.0.1", resolve));
  const { prepare } = subjects["gateway"]!;
  const COLLECTOR = `http://127.0.0.1:${(collector.address() as AddressInfo).port}`;
  const objects = [{ binding: "USER_STORE", className: "UserStore" }];
  const users = { entry: "workers/services/users/index.ts", about: "", objects, prepare };
  const subject = {
    entry: "test/support/traces/gateway.ts",
    about: "",
    variables: { COLLECTOR, OTLP_SECRET: SECRET },
    workers: { USERS: users },
    tail: "test/support/traces/tail.ts",
    prepare,
  };
  gateway = await start(folder, subject, { upstreamPort: 1, cpu: 0 });
});
afterAll(() => {
  gateway?.stop();
  collector.close();
  rmSync(folder, { recursive: true, force: true });
});

async function call(headers: Record<string, string>): Promise<void> {
  const init = { method: "POST", headers: { "content-type": "application/json", ...headers }, body: "{}" };
  const response = await fetch(`${gateway!.origin}/${METHOD}`, init);
  expect([response.status, await response.json()]).toEqual([200, {}]);
}

const onsets = (traceId: string) => tail.filter(({ event, spanContext }) => event.type === "onset" && spanContext.traceId === traceId);
const headerOf = ({ event }: TailEvent, name: string) => event.info?.headers?.find((header) => header.name === name)?.value;

/** The spans of a trace of the platform, each with its parent. */
function parentsIn(traceId: string): ReadonlyMap<string, string | undefined> {
  const opened = tail.filter(({ event, spanContext }) => spanContext.traceId === traceId && event.spanId !== undefined);
  return new Map(opened.map(({ event, spanContext }) => [event.spanId!, spanContext.spanId]));
}

it("joins the gateway, the service and its object in one trace of the platform, which goes on at the service", async () => {
  await call({});
  const found = () => tail.find(({ event }) => event.type === "onset" && event.entrypoint === "UserStore");
  await expect.poll(found, { timeout: DEADLINE_MS }).toBeDefined();
  const { traceId } = found()!.spanContext;
  await expect.poll(() => onsets(traceId).length, { timeout: DEADLINE_MS }).toBe(3);
  const [own] = tail.filter(({ event, spanContext }) => event.name === METHOD && spanContext.traceId === traceId);
  const service = onsets(traceId).find(({ event }) => event.info?.url?.endsWith(METHOD) === true && event.info.url.includes("internal"));
  const object = onsets(traceId).find(({ event }) => event.entrypoint === "UserStore")!;

  // From the span of the object up to the one of the gateway.
  const above = (): Set<string | undefined> => {
    const parents = parentsIn(traceId);
    const found = new Set<string | undefined>();
    for (let at = object.event.spanId; at !== undefined && !found.has(at); at = parents.get(at)) found.add(at);
    return found;
  };
  await expect.poll(above, { timeout: DEADLINE_MS }).toContain(own!.event.spanId); // the last event may come last
  expect(above()).toContain(service!.event.spanId);
  expect(headerOf(service!, "traceparent")).toBe(`00-${traceId}-${own!.event.spanId}-01`);
});

it("sends the call to a collector, in the trace of its caller, with the span that the service has got as its parent", async () => {
  tail.length = 0;
  await call({ traceparent: `00-${CALLER.traceId}-${CALLER.spanId}-01`, tracestate: "vendor=1" });
  const ofCaller = () => spans.filter(({ traceId }) => traceId === CALLER.traceId);
  await expect.poll(() => ofCaller().length, { timeout: DEADLINE_MS }).toBeGreaterThanOrEqual(2);
  const own = ofCaller().find(({ kind }) => kind === 2)!;
  expect(own).toMatchObject({ parentSpanId: CALLER.spanId, name: METHOD });
  expect(ofCaller().find(({ kind }) => kind === 3)).toMatchObject({ parentSpanId: own.spanId });
  const received = () => tail.flatMap((event) => headerOf(event, "traceparent") ?? []);
  await expect.poll(received, { timeout: DEADLINE_MS }).toContain(`00-${CALLER.traceId}-${own.spanId}-01`);
  expect([...secrets]).toEqual([SECRET]);
});
