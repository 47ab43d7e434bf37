// Serves the built console with the admin services of a made-up fleet: for sizes that no gateway of a test has, and for streams that drop.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError, type ConnectRouter } from "@connectrpc/connect";
import { connectNodeAdapter } from "@connectrpc/connect-node";
import { CONSOLE_FOLDER } from "../../../cli/console/build-console.ts";
import { AdminService } from "../../../protos/gen/tidegate/admin/v1/admin_pb.ts";
import { BreakerService, Override, State } from "../../../protos/gen/tidegate/breaker/v1/breaker_pb.ts";
import { ChangeKind, ControlService } from "../../../protos/gen/tidegate/control/v1/control_pb.ts";
import { RegistryService } from "../../../protos/gen/tidegate/registry/v1/registry_pb.ts";
import { TelemetryService } from "../../../protos/gen/tidegate/telemetry/v1/telemetry_pb.ts";
import { type Fleet, listUpstreams, summaryOf } from "./figures.ts";

const SECRET = "lab-secret";
const STARTED_AT = Date.now() - 3_600_000;

export interface Lab {
  readonly url: string;
  readonly secret: string;
  /** Ends all open streams; new ones are refused until `restore`. */
  drop(): void;
  restore(): void;
  close(): Promise<void>;
}

export interface LabOptions extends Fleet {
  readonly port?: number;
  /** Whether calls without the secret are those of an operator. */
  readonly isOpen?: boolean;
  readonly intervalMs?: number;
}

export async function startLab(options: LabOptions): Promise<Lab> {
  let isDown = false;
  const sockets = new Set<ServerResponse>();
  const adapter = connectNodeAdapter({ routes: (router) => routesOf(router, options) });
  const server = createServer((request, response) => {
    if (request.method === "GET" || request.method === "HEAD") return sendFile(request, response);
    if (isDown) return void response.writeHead(503).end();
    if (options.isOpen !== true && request.headers.authorization !== `Bearer ${SECRET}`)
      return void response
        .writeHead(401, { "content-type": "application/json" })
        .end('{"code":"unauthenticated","message":"send the secret"}');
    sockets.add(response);
    response.on("close", () => sockets.delete(response));
    return adapter(request, response);
  });
  await new Promise<void>((resolve) => server.listen(options.port ?? 0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    secret: SECRET,
    drop() {
      isDown = true;
      for (const response of sockets) response.destroy();
    },
    restore() {
      isDown = false;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

const TYPES: Readonly<Record<string, string>> = {
  html: "text/html; charset=utf-8",
  js: "text/javascript",
  css: "text/css",
  svg: "image/svg+xml",
};

/** Files of the console with the headers of the real one. */
function sendFile({ url = "/" }: IncomingMessage, response: ServerResponse): void {
  const path = new URL(url, "http://lab").pathname.replace(/\/$/, "/index.html");
  try {
    const body = readFileSync(join(CONSOLE_FOLDER, path));
    const policy = [...readFileSync("console/_headers", "utf8").matchAll(/Content-Security-Policy: (.+)/g)].at(-1)![1]!;
    response
      .writeHead(200, { "content-type": TYPES[path.split(".").at(-1)!] ?? "text/plain", "content-security-policy": policy })
      .end(body);
  } catch {
    response.writeHead(404).end();
  }
}

function routesOf(router: ConnectRouter, fleet: LabOptions): void {
  router.service(AdminService, { getCaller: () => ({ identity: "secret:ADMIN_SECRET", role: "admin" }) });
  router.service(TelemetryService, {
    getSummary: ({ windowSeconds }) => summaryOf(fleet, tickOf(), Date.now(), windowSeconds || 60),
    async *watchSummary({ windowSeconds, intervalMs }, { signal }) {
      while (!signal.aborted) {
        yield summaryOf(fleet, tickOf(), Date.now(), windowSeconds || 60);
        await sleep(fleet.intervalMs ?? (intervalMs || 2_000), undefined, { signal }).catch(() => undefined);
      }
    },
    listUpstreams: ({ upstream, pageSize, pageToken }) => listUpstreams(fleet, upstream, pageSize, pageToken),
  });
  router.service(BreakerService, {
    listChanges: ({ upstream }) => ({
      changes: Array.from({ length: 9 }, (_, index) => ({
        time: timestampFromMs(STARTED_AT - index * 61_000),
        upstream,
        endpoint: "https://host-0.service-0.example",
        state: [State.OPEN, State.HALF_OPEN, State.RAMP, State.CLOSED][index % 4]!,
        override: index === 4 ? Override.OPEN : Override.NONE,
        author: index === 4 ? "ada (OPERATOR_TOKEN)" : "evidence",
        reason: index === 4 ? "disk is full" : "5 of 10 calls failed",
      })),
    }),
  });
  router.service(RegistryService, {
    listEndpoints: () => ({
      version: 3n,
      endpoints: [],
      changes: [{ version: 3n, time: timestampFromMs(STARTED_AT), action: "registered", id: "host-0" }],
    }),
  });
  controlRoutes(router);
}

const tickOf = (): number => (Date.now() - STARTED_AT) / 2_000;

function controlRoutes(router: ConnectRouter): void {
  const text = (timeoutMs: number): string =>
    `{"configuration":{"defaults":{"timeoutMs":${timeoutMs}},"services":{"users.v1.UserService":{"upstream":"USERS"}}},"descriptors":[],"format":1,"layers":[]}`;
  const digest = (version: bigint): string =>
    createHash("sha256")
      .update(text(1_000 * Number(version)))
      .digest("hex");
  const version = (number: bigint) => ({
    version: number,
    digest: digest(number),
    bytes: 18_400n,
    author: "ada@example.com",
    time: timestampFromMs(STARTED_AT - Number(20n - number) * 600_000),
    reason: `timeout ${number} s`,
  });
  const versions = Array.from({ length: 12 }, (_, index) => version(BigInt(12 - index)));
  router.service(ControlService, {
    getStatus: () => ({
      sequence: 14n,
      live: version(11n),
      previous: version(10n),
      canary: version(12n),
      share: { percent: 5, region: "weur" },
      regions: ["weur", "enam"].map((region) => ({
        region,
        running: [
          { digest: digest(11n), version: 11n, isolates: 3n, canaries: 0n },
          { digest: digest(12n), version: 12n, isolates: 0n, canaries: 2n },
        ],
      })),
      refused: [],
    }),
    listVersions: () => ({
      versions,
      changes: versions.map(({ version: number, time, author, reason }) => ({
        sequence: number,
        kind: ChangeKind.PUBLISH,
        version: number,
        time,
        author,
        reason,
      })),
    }),
    getVersion: ({ version: number }) => ({
      version: version(number),
      snapshot: { digest: digest(number), text: text(1_000 * Number(number)), descriptors: [] },
    }),
    publish: () => {
      throw new ConnectError("the lab publishes nothing", Code.Unimplemented);
    },
  });
}
