// Methods and URLs as they arrive at workerd over a socket: what a client sees, and what the upstream never does.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createFileRegistry, fromBinary } from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { Code, createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-web";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Running, start } from "../../bench/workerd.ts";

const SET = "test/differential/differential.binpb";
const Values = createFileRegistry(fromBinary(FileDescriptorSetSchema, readFileSync(SET))).getService("differential.v1.Values")!;
const folder = mkdtempSync(join(tmpdir(), "tidegate-methods-"));
const seen: string[] = [];
const prepare = () => ({ method: "GET", path: "/healthz", headers: {} }); // unused: nothing is measured here
let upstream: Server;
let gateway: Running;

beforeAll(async () => {
  upstream = createServer((request, response) => {
    seen.push(`${request.method} ${request.url}`);
    const isRpc = request.url?.startsWith("/differential.v1.Values/") === true;
    const query = new URLSearchParams(request.url?.split("?")[1]).get("message"); // the message of a Connect GET
    response.setHeader("content-type", isRpc ? "application/proto" : "text/plain");
    if (query !== null) response.end(Buffer.from(query, "base64url"));
    else if (isRpc) request.pipe(response);
    else response.setHeader("content-length", "5").end(request.method === "HEAD" ? undefined : "asset");
  });
  await new Promise<void>((resolve) => void upstream.listen(0, "127.0.0.1", resolve));
  const variables = { DESCRIPTORS: readFileSync(SET).toString("base64") };
  const subject = { entry: "test/differential/worker.ts", about: "", upstreams: ["UPSTREAM"], variables, prepare };
  gateway = await start(join(folder, "gateway"), subject, { upstreamPort: (upstream.address() as AddressInfo).port, cpu: 0 });
}, 60_000);

afterAll(() => {
  gateway?.stop();
  upstream?.close();
  rmSync(folder, { recursive: true, force: true });
});

/** The whole response to one request, as it is on the wire. */
function exchange(method: string, path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(gateway.port, "127.0.0.1", () =>
      socket.write(`${method} ${path} HTTP/1.1\r\nhost: gateway\r\nconnection: close\r\n\r\n`),
    );
    let text = "";
    socket.on("data", (chunk) => {
      text += chunk.toString();
    });
    socket.on("end", () => resolve(text));
    socket.on("error", reject);
  });
}

const lengthIn = (response: string): string | undefined => /^content-length: (\d+)/im.exec(response)?.[1];
const bodyOf = (response: string): string => response.slice(response.indexOf("\r\n\r\n") + 4);

describe("over a socket", () => {
  it.each(["/v1/read?text=abc", "/assets/x"])("HEAD %s has the head of GET, its length, and no body", async (path) => {
    const get = await exchange("GET", path);
    const head = await exchange("HEAD", path);
    expect(head).toMatch(/^HTTP\/1\.1 200/);
    expect(bodyOf(head)).toBe("");
    expect(lengthIn(head)).toBe(lengthIn(get));
    expect(Number(lengthIn(head))).toBeGreaterThan(0);
  });

  it.each(["/healthz", "/differential.v1.Values/Find?connect=v1&encoding=proto&message="])("HEAD %s has no body", async (path) => {
    const head = await exchange("HEAD", path);
    expect([head.slice(0, 12), bodyOf(head)]).toEqual(["HTTP/1.1 200", ""]);
  });

  it("a Connect client whose GET is too long learns that it is to use POST", async () => {
    const client = createClient(Values, createConnectTransport({ baseUrl: gateway.origin, useHttpGet: true, useBinaryFormat: true }));
    const find = client["find"] as unknown as (message: object) => Promise<unknown>;
    expect(await find({ text: "short" })).toMatchObject({ text: "short" });
    await expect(find({ text: "x".repeat(9_000) })).rejects.toMatchObject({
      code: Code.ResourceExhausted,
      rawMessage: "url is longer than 8192 bytes; use POST",
    });
  });

  it("HEAD of what is refused has the status of GET", async () => {
    expect(await exchange("HEAD", "/v1/read?time=2026-02-30T00:00:00Z")).toMatch(/^HTTP\/1\.1 400/);
    expect(await exchange("HEAD", "/nowhere")).toMatch(/^HTTP\/1\.1 404/);
  });

  it.each(["/assets/x", "/v1/read", "/differential.v1.Values/Read"])(
    "F09 TRACE %s is refused, and the upstream does not see it",
    async (path) => {
      const before = seen.length;
      expect(await exchange("TRACE", path)).toMatch(/^HTTP\/1\.1 (405|501)/);
      expect(seen.slice(before)).toEqual([]);
    },
  );

  it("a URL over the limit is 414", async () => {
    expect(await exchange("GET", `/v1/read?text=${"x".repeat(9_000)}`)).toMatch(/^HTTP\/1\.1 414[\s\S]*use POST/);
  });
});
