// The code samples as programs: each is run, and has to send what the form would send.
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { transform } from "esbuild";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { enveloped } from "../../../../console/src/call/envelopes.ts";
import { bodyOf, compact, type Sendable } from "../../../../console/src/call/request.ts";
import { SAMPLES } from "../../../../console/src/call/samples/samples.ts";

const run = promisify(execFile);
const folder = mkdtempSync(join(tmpdir(), "tidegate-samples-"));
const HOSTILE = `it's "$(touch ${folder}/ran)" \`touch ${folder}/ran\` \\u0041 \${process.exit(9)} <é> %s`;
const CREDENTIAL = "Bearer of the test";

interface Received {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: string; // base64
}

let server: Server;
let origin: string;
let received: Received[] = [];

/** Responds in the framing of the request. */
function start(): Promise<void> {
  server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const { method = "", url = "", headers } = request;
      received.push({ method, url, headers, body: Buffer.concat(chunks).toString("base64") });
      const isEnveloped = /connect\+|grpc-web/.test(headers["content-type"] ?? "");
      response.writeHead(200, { "content-type": headers["content-type"] ?? "text/plain" });
      response.end(isEnveloped ? enveloped(['{"n":"first"}', '{"n":"last"}']) : '{"n":"first"}\n{"n":"last"}\n');
    });
  });
  return new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve()));
}

const PROGRAMS: Readonly<Record<string, (code: string) => Promise<{ stdout: string }>>> = {
  curl: (code) => run("sh", ["-c", code], { env }),
  TypeScript: async (code) => {
    const { code: plain } = await transform(code, { loader: "ts", format: "esm" });
    return await run("node", [written("sample.mjs", plain)], { env });
  },
  Go: (code) => run("go", ["run", written("sample.go", code)], { env }),
  Python: (code) => run("python3", [written("sample.py", code)], { env }),
};
const env = { ...process.env, AUTHORIZATION: CREDENTIAL, GOFLAGS: "-mod=mod" };

function written(name: string, code: string): string {
  const path = join(folder, name);
  writeFileSync(path, code);
  return path;
}

async function exists(command: string): Promise<boolean> {
  return await run(command, [command === "go" ? "version" : "--version"]).then(
    () => true,
    () => false,
  );
}

const missing = (await Promise.all(["curl", "go", "python3"].map(async (name) => ((await exists(name)) ? [] : [name])))).flat();
if (missing.length > 0 && process.env["TIDEGATE_REQUIRE_ALL"] === "1") throw new Error(`code samples need ${missing.join(", ")}`);
if (missing.length > 0) console.warn(`SKIPPED: code samples in ${missing.join(", ")}: not installed`);
const COMMANDS: Readonly<Record<string, string>> = { curl: "curl", Go: "go", Python: "python3" };
const runnable = SAMPLES.filter(({ label }) => !missing.includes(COMMANDS[label] ?? ""));

const AUTH = ["Authorization", CREDENTIAL] as const;
const message = JSON.stringify({ text: HOSTILE });
const REQUESTS: readonly (Omit<Sendable, "url"> & { readonly name: string; readonly path: string })[] = [
  { name: "GET without a body", method: "GET", path: "/a?b=c%27d", headers: [AUTH], body: undefined, messages: undefined, isStream: false },
  {
    name: "DELETE",
    method: "DELETE",
    path: "/a",
    headers: [["X-Own", HOSTILE.replace("é", "e")]],
    body: undefined,
    messages: undefined,
    isStream: false,
  },
  {
    ...{ name: "POST of JSON", method: "POST", path: "/a", headers: [["Content-Type", "application/json"], AUTH] },
    ...{ body: `{\n  "text": ${JSON.stringify(HOSTILE)}\n}`, messages: undefined, isStream: false },
  },
  {
    ...{ name: "POST of text, with a stream in response", method: "POST", path: "/a", headers: [["Content-Type", "text/plain"]] },
    ...{ body: HOSTILE, messages: undefined, isStream: true },
  },
  {
    ...{ name: "a Connect stream", method: "POST", path: "/s/M", headers: [["Content-Type", "application/connect+json"], AUTH] },
    ...{ body: message, messages: [message], isStream: true },
  },
  {
    ...{ name: "two messages of gRPC-Web", method: "POST", path: "/s/M", headers: [["Content-Type", "application/grpc-web+json"]] },
    ...{ body: `${message}\n{}`, messages: [message, "{}"], isStream: false },
  },
];

beforeAll(async () => {
  await start();
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.close();
  rmSync(folder, { recursive: true });
});

describe.each(runnable)("a sample in $label", ({ label, write }) => {
  it.each(REQUESTS)("sends $name, and shows the response", async ({ name, path, ...rest }) => {
    const request: Sendable = { ...rest, url: origin + path };
    received = [];
    const code = write(request);
    expect(code).not.toContain(CREDENTIAL);
    const { stdout } = await PROGRAMS[label]!(code);
    expect(received).toHaveLength(1);
    const [{ method, url, headers, body }] = received as [Received];
    expect({ method, url }).toEqual({ method: request.method, url: path });
    for (const [field, value] of request.headers) expect(headers[field.toLowerCase()], field).toBe(value);
    const wanted = request.messages === undefined ? compact(String(bodyOf(request) ?? "")) : bodyOf(request)!;
    expect(Buffer.from(body, "base64").toString()).toBe(Buffer.from(wanted).toString());
    expect(stdout).toContain('{"n":"first"}');
    expect(stdout).toContain('{"n":"last"}');
  });
});
