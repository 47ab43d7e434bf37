// Serves the built pages with admin services whose responses are made up from their descriptors, and an OpenAPI document made up likewise.
import { readFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { DescMethod, DescService } from "@bufbuild/protobuf";
import { Code, ConnectError, type ConnectRouter, type ServiceImpl } from "@connectrpc/connect";
import { connectNodeAdapter } from "@connectrpc/connect-node";
import { CONSOLE_FOLDER } from "../../../cli/console/build-console.ts";
import { AdminService } from "../../../protos/gen/tidegate/admin/v1/admin_pb.ts";
import { BreakerService } from "../../../protos/gen/tidegate/breaker/v1/breaker_pb.ts";
import { CacheService } from "../../../protos/gen/tidegate/cache/v1/cache_pb.ts";
import { ControlService } from "../../../protos/gen/tidegate/control/v1/control_pb.ts";
import { TraceService } from "../../../protos/gen/tidegate/control/v1/trace_pb.ts";
import { KeyService } from "../../../protos/gen/tidegate/keys/v1/keys_pb.ts";
import { RegistryService } from "../../../protos/gen/tidegate/registry/v1/registry_pb.ts";
import { TelemetryService } from "../../../protos/gen/tidegate/telemetry/v1/telemetry_pb.ts";
import { madeUp, type TextOf } from "./made-up-messages.ts";

const SERVICES: readonly DescService[] = [
  ...[AdminService, BreakerService, CacheService, ControlService, KeyService, RegistryService, TelemetryService, TraceService],
];
const STREAM_MS = 1_000; // between two messages of a stream

export interface MadeUpGateway {
  readonly url: string;
  close(): Promise<void>;
}

export interface MadeUpOptions {
  readonly text: TextOf;
  /** Whether methods that change something fail, with a message that `text` makes. */
  readonly changesFail?: boolean;
}

export async function startMadeUp(options: MadeUpOptions): Promise<MadeUpGateway> {
  const routes = (router: ConnectRouter): void => {
    for (const service of SERVICES) serve(router, service, options);
  };
  const adapter = connectNodeAdapter({ routes });
  const api = JSON.stringify(madeUpDocument(options.text));
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? "/", "http://lab");
    if (pathname.startsWith("/tidegate.")) return adapter(request, response);
    if (pathname === "/openapi.json") return void response.writeHead(200, { "content-type": "application/json" }).end(api);
    if (pathname.startsWith("/_tidegate/") || pathname.startsWith("/docs/")) return sendFile(pathname, response);
    return respondToCall(request, response, options);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function serve(router: ConnectRouter, service: DescService, options: MadeUpOptions): void {
  const methods = service.methods.map((method) => [method.localName, respondTo(method, options)]);
  router.service(service, Object.fromEntries(methods) as Partial<ServiceImpl<DescService>>);
}

function respondTo(method: DescMethod, { text, changesFail }: MadeUpOptions) {
  const message = () => withTexts(madeUp(method.output, text, Date.now()), text);
  if (method.methodKind === "unary")
    return () => {
      const isChange =
        method.idempotency === undefined ||
        /^(?:Publish|Promote|Rollback|Canary|Set|Drain|Purge|Issue|Roll|Revoke|Update)/.test(method.name);
      if (changesFail === true && isChange) throw new ConnectError(text(`${method.name}.error`), Code.FailedPrecondition);
      return message();
    };
  return async function* (_: unknown, { signal }: { readonly signal: AbortSignal }) {
    while (!signal.aborted) {
      yield message();
      await sleep(STREAM_MS, undefined, { signal }).catch(() => undefined);
    }
  };
}

/** The text of a snapshot is a document of its own. */
function withTexts<T extends object>(message: T, text: TextOf): T {
  const { snapshot } = message as { snapshot?: { text: string } };
  if (snapshot !== undefined)
    snapshot.text = JSON.stringify({
      configuration: { [text("snapshot.name")]: { [text("snapshot.inner")]: text("snapshot.value") } },
      descriptors: [],
      format: 1,
      layers: [],
    });
  return message;
}

/** Every text of the real document that a page shows is made up; what a page follows stays. */
function madeUpDocument(text: TextOf): unknown {
  const shown = new Set(["title", "summary", "description", "version", "pattern", "format", "x-oneof", "name"]);
  const change = (value: unknown, path: string, isShown: boolean): unknown => {
    if (typeof value === "string") return isShown ? text(path) : value;
    if (Array.isArray(value)) return value.map((one, index) => change(one, `${path}[${index}]`, isShown));
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(
      Object.entries(value).map(([key, one]) => {
        const isText =
          (shown.has(key) && !path.startsWith("openapi.tags[")) || key === "enum" || key === "example" || key === "examples" || isShown;
        const name = path.endsWith(".properties") || path.endsWith(".headers") ? text(`${path}.key`) + key : key;
        return [name, change(one, `${path}.${key}`, isText)];
      }),
    );
  };
  return change(JSON.parse(readFileSync("protos/gen/openapi.json", "utf8")), "openapi", false);
}

/** A call that a page makes: its response is made up, too. */
function respondToCall(request: IncomingMessage, response: ServerResponse, { text }: MadeUpOptions): void {
  request.resume();
  const ascii = text("response.header").replaceAll(/[^\x20-\x7e]/g, "");
  response.writeHead(200, ascii, { "content-type": "text/html", "x-request-id": ascii, "x-made-up": ascii });
  response.end(text("response.body"));
}

const TYPES: Readonly<Record<string, string>> = {
  html: "text/html; charset=utf-8",
  js: "text/javascript",
  css: "text/css",
  svg: "image/svg+xml",
};

/** A file of the build, with the headers that the platform sends with it. */
function sendFile(pathname: string, response: ServerResponse): void {
  const path = pathname.replace(/\/$/, "/index.html");
  try {
    const body = readFileSync(join(CONSOLE_FOLDER, path));
    for (const [name, value] of headersOf(pathname)) response.setHeader(name, value);
    response.writeHead(200, { "content-type": TYPES[path.split(".").at(-1)!] ?? "text/plain" }).end(body);
  } catch {
    response.writeHead(404).end();
  }
}

/** @see developers.cloudflare.com/workers/static-assets/headers */
function headersOf(pathname: string): readonly (readonly [string, string])[] {
  const rules = readFileSync(join(CONSOLE_FOLDER, "_headers"), "utf8").split(/\n(?=\/)/);
  return rules.flatMap((rule) => {
    const [pattern = "", ...lines] = rule.trim().split("\n");
    const isMatch = pattern.endsWith("*") ? pathname.startsWith(pattern.slice(0, -1)) : pathname === pattern;
    return isMatch
      ? lines
          .filter((line) => line.includes(":"))
          .map((line) => [line.slice(0, line.indexOf(":")).trim(), line.slice(line.indexOf(":") + 1).trim()] as const)
      : [];
  });
}
