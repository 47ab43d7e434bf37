// `npm start` while its files change, and how it ends: real processes in a copy of the project's files.
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from "node:fs";
import { type AddressInfo, createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { copyProject, type ProjectCopy } from "../cli/project-copy.ts";

vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 });

const DEADLINE_MS = 90_000; // long enough on a busy machine
const CONFIG = "gateway.config.ts";
const USERS = "workers/services/users/users.ts";

/** Polls until there is a value. @throws Error with the output so far */
async function until<T>(what: string, look: () => T | undefined | false | Promise<T | undefined | false>, context = () => ""): Promise<T> {
  const end = Date.now() + DEADLINE_MS;
  while (Date.now() < end) {
    const value = await look();
    if (value !== undefined && value !== false) return value;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`no ${what} within ${DEADLINE_MS} ms:\n${context()}`);
}

/** A call on a new connection: a reused one may have ended when the runtime was replaced. */
function get(url: string): Promise<Response> {
  return fetch(url, { headers: { connection: "close" } });
}

/** @returns the status of a call of an admin service without a credential */
async function listedBreakers(origin: string, headers: Record<string, string> = {}): Promise<number> {
  const sent = { "content-type": "application/json", connection: "close", ...headers };
  const response = await fetch(`${origin}/tidegate.breaker.v1.BreakerService/ListBreakers`, { method: "POST", headers: sent, body: "{}" });
  await response.arrayBuffer();
  return response.status;
}

interface Started {
  readonly process: ChildProcess;
  readonly origin: string;
  text(): string;
  /** The output after this call. */
  since(): () => string;
}

async function start(folder: string, env: NodeJS.ProcessEnv, command: readonly string[], args: readonly string[]): Promise<Started> {
  const [program, ...first] = command as [string, ...string[]];
  const launcher = { TIDEGATE_LAUNCHER: String(process.pid) }; // the gateway ends with this process, also where a test fails
  const child = spawn(program, [...first, ...args], { cwd: folder, env: { ...env, ...launcher }, stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => (output += chunk.toString()));
  const text = () => output;
  const origin = await until(
    "running gateway",
    () => {
      if (child.exitCode !== null) throw new Error(`it ended with ${child.exitCode}:\n${output}`);
      return /Tidegate is running at (\S+)/.exec(output)?.[1];
    },
    text,
  );
  const since = () => {
    const from = output.length;
    return () => output.slice(from);
  };
  return { process: child, origin, text, since };
}

describe("npm start, while files change", () => {
  let copy: ProjectCopy;
  let gateway: Started;
  let config: string;
  let failures: string[];
  let probing = true;
  let probes: Promise<void>;

  beforeAll(async () => {
    copy = copyProject();
    copy.write(CONFIG, copy.read(CONFIG).replace("capacity: 100, rate: 50", "capacity: 100_000, rate: 50_000"));
    config = copy.read(CONFIG);
    gateway = await start(
      copy.folder,
      copy.env,
      ["node", "cli/tidegate/main.ts", "dev"],
      ["--port", "0", "--persist-to", join(copy.folder, "state")],
    );
    failures = [];
    // Calls go on all the time, each on a new connection: no reload and no problem may fail one.
    probes = (async () => {
      while (probing) {
        const status = await get(`${gateway.origin}/api/v1/users`).then(
          (response) => response.arrayBuffer().then(() => response.status),
          (error: Error) => `${error.message}: ${String(error.cause)}`,
        );
        if (status !== 200) failures.push(`${status} after: ${gateway.text().slice(-300)}`);
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    })();
  });
  afterAll(async () => {
    probing = false;
    await probes;
    const ended = new Promise((resolve) => gateway.process.once("exit", resolve));
    gateway.process.kill("SIGTERM");
    await ended;
    copy.remove();
  });

  /** Changes files, and waits for a line of output. */
  async function changing(change: () => void, printed: RegExp): Promise<() => string> {
    const text = gateway.since();
    change();
    await until(String(printed), () => printed.test(text()), text);
    return text;
  }

  const costOf = async (): Promise<string | null> => {
    const response = await get(`${gateway.origin}/api/v1/users`);
    await response.arrayBuffer();
    return response.headers.get("ratelimit-policy");
  };

  it("lets this machine read the admin services without a credential, and no web page", async () => {
    expect(await listedBreakers(gateway.origin)).toBe(200);
    expect(await listedBreakers(gateway.origin, { origin: "http://page.example" })).toBe(403);
  });

  it("hands the event of an order to the notification service, over a queue in memory", async () => {
    const post = async (path: string, body: unknown): Promise<{ readonly id: string }> => {
      const headers = { "content-type": "application/json", connection: "close" };
      const response = await fetch(`${gateway.origin}${path}`, { method: "POST", headers, body: JSON.stringify(body) });
      expect(response.status).toBe(200);
      return (await response.json()) as { readonly id: string };
    };
    const user = await post("/api/v1/users", { displayName: "Ada", email: "ada@example.com" });
    const order = await post("/api/v1/orders", { userId: user.id, items: [{ sku: "apple", quantity: 1 }] });
    const list = async (): Promise<unknown[] | false> => {
      const response = await get(`${gateway.origin}/api/v1/users/${user.id}/notifications`);
      const { notifications = [] } = (await response.json()) as { readonly notifications?: unknown[] };
      return notifications.length > 0 && notifications;
    };
    expect(await until("notification", list, gateway.text)).toMatchObject([{ orderId: order.id, kind: "KIND_ORDER_CREATED" }]);
  });

  it("takes a valid edit, and prints one line with the changes", async () => {
    const text = await changing(() => copy.write(CONFIG, config.replace("capacity: 100_000", "capacity: 90_000")), /^reload: .*/m);
    expect(text().match(/^reload: .*$/gm)).toEqual(['reload: rateLimits["per-caller"].capacity: 100000 -> 90000']);
    expect(await costOf()).toContain("q=90000");
    await changing(() => copy.write(CONFIG, config), /^reload: rateLimits\["per-caller"\]\.capacity: 90000 -> 100000$/m);
    expect(await costOf()).toContain("q=100000");
  });

  it("says what has changed, also where the file changes again while it is read", async () => {
    const text = gateway.since();
    for (const [index, pauseMs] of [400, 700, 1_000, 1_300, 1_600].entries()) {
      copy.write(CONFIG, config.replace("capacity: 100_000", `capacity: 9${index}_000`));
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
    copy.write(CONFIG, config.replace("capacity: 100_000", "capacity: 70_000"));
    await until("last change", () => /-> 70000$/m.test(text()), text);
    const lines = text().match(/^reload: .*$/gm) ?? [];
    expect(lines.filter((line) => !/^reload: rateLimits\["per-caller"\]\.capacity: \d+ -> \d+$/.test(line))).toEqual([]);
    const steps = lines.map((line) => line.match(/\d+/g)!);
    expect(steps.map(([from]) => from)).toEqual(["100000", ...steps.slice(0, -1).map(([, to]) => to)]);
    await changing(() => copy.write(CONFIG, config), /^reload: rateLimits\["per-caller"\]\.capacity: 70000 -> 100000$/m);
    expect(await costOf()).toContain("q=100000");
  });

  it.each([
    [
      "an unknown method",
      (text: string) => text.replace("ListUsers:", "ListUser:"),
      /^gateway\.config\.ts:17:9 services\["users\.v1\.UserService"\]\.methods\.ListUser: found "ListUser"; write "ListUsers"$/m,
    ],
    [
      "a value out of bounds",
      (text: string) => text.replace("capacity: 20,", "capacity: 0,"),
      /^gateway\.config\.ts:9:\d+ rateLimits\.writes\.capacity: found 0; write a whole number from 1/m,
    ],
    [
      "a binding that does not exist",
      (text: string) => text.replace('binding: "USERS"', 'binding: "USER"'),
      /^gateway\.config\.ts:14:\d+ .*found \[\{"binding":"USER"\}\]; name a service binding/m,
    ],
    ["a syntax error", (text: string) => `${text}};\n`, /^gateway\.config\.ts:\d+:\d+ Unexpected "\}"; correct it/m],
    [
      "an import that leads nowhere",
      (text: string) => `import { x } from "./nowhere.ts";\n${text}export const y = x;\n`,
      /^gateway\.config\.ts:1:\d+ Could not resolve "\.\/nowhere\.ts"; create the file, or correct the import/m,
    ],
    [
      "an error while it is loaded",
      (text: string) => `${text}throw new Error("boom");\n`,
      /^gateway\.config\.ts: found Error: boom while it was loaded \(gateway\.config\.ts:\d+:\d+\); correct it$/m,
    ],
    ["an empty file", () => "", /^\S*:\d+:\d+ No matching export in "gateway\.config\.ts" for import "default"; export it there/m],
  ])("prints %s with file, line, path and fix, and goes on with what was right", async (_, mistake, printed) => {
    const text = await changing(() => copy.write(CONFIG, mistake(config)), printed);
    expect(await costOf()).toContain("q=100000");
    await until("consequence", () => /the last good version stays in use/.test(text()), gateway.text);
  });

  it("reports that a problem is fixed", async () => {
    await changing(() => copy.write(CONFIG, config), /^reload: the problem is fixed; nothing else changed$/m);
  });

  it("takes a valid edit after a problem in one reload", async () => {
    await changing(() => copy.write(CONFIG, `${config}};\n`), /Unexpected "\}"/);
    await changing(
      () => copy.write(CONFIG, config.replace("capacity: 100_000", "capacity: 80_000")),
      /^reload: rateLimits\["per-caller"\]\.capacity: 100000 -> 80000$/m,
    );
    expect(await costOf()).toContain("q=80000");
    await changing(() => copy.write(CONFIG, config), /^reload: /m);
  });

  it("detects a deleted file, and one that an editor has renamed", async () => {
    await changing(() => rmSync(join(copy.folder, CONFIG)), /^gateway\.config\.ts: found no such file; create it/m);
    expect(await costOf()).toContain("q=100000");
    copy.write("config.swp", config.replace("capacity: 100_000", "capacity: 70_000"));
    await changing(() => renameSync(join(copy.folder, "config.swp"), join(copy.folder, CONFIG)), /^reload: .*capacity: 100000 -> 70000$/m);
    await changing(() => copy.write(CONFIG, config), /^reload: /m);
  });

  it("reports problems of a file that the configuration imports", async () => {
    const imports = config
      .replace("import { defineGateway }", 'import { limit } from "./limits.ts";\nimport { defineGateway }')
      .replace("capacity: 100_000", "capacity: limit");
    await changing(() => {
      copy.write("limits.ts", "export const limit = 60_000;\n");
      copy.write(CONFIG, imports);
    }, /^reload: .*capacity: 100000 -> 60000/m);
    await changing(() => copy.write("limits.ts", "export const limit = ;\n"), /^limits\.ts:1:\d+ Unexpected ";"; correct it/m);
    await changing(
      () => copy.write("limits.ts", "export const limit = -1;\n"),
      /^gateway\.config\.ts:\d+:\d+ rateLimits\["per-caller"\]\.capacity: found -1; write/m,
    );
    expect(await costOf()).toContain("q=60000");
    await changing(() => copy.write("limits.ts", "export const limit = 50_000;\n"), /^reload: .*capacity: 60000 -> 50000/m);
    await changing(() => copy.write(CONFIG, config), /^reload: /m);
  });

  it("keeps the last version of a service whose code does not compile, or fails while it is loaded", async () => {
    const code = copy.read(USERS);
    await changing(() => copy.write(USERS, `${code}}}\n`), /^workers\/services\/users\/users\.ts:\d+:\d+ Unexpected "\}"; correct it/m);
    await changing(
      () => copy.write(USERS, `${code}throw new Error("at load");\n`),
      /^workers\/services\/users\/users\.ts:\d+:\d+ found Error: at load while "tidegate-users" was loaded; correct it$/m,
    );
    await changing(
      () => copy.write(USERS, code.replace("export ", "console.log();\nexport ")),
      /^reload: workers\/services\/users\/users\.ts changed$/m,
    );
    await changing(() => copy.write(USERS, code), /^reload: workers\/services\/users\/users\.ts changed$/m);
  });

  it("reads wrangler.toml and .dev.vars again", async () => {
    const toml = copy.read("wrangler.toml");
    await changing(() => copy.write("wrangler.toml", `${toml}x = = 1\n`), /^wrangler\.toml: /m);
    await changing(
      () => copy.write("wrangler.toml", toml.replace('binding = "ORDERS"', 'binding = "ORDER"')),
      /^gateway\.config\.ts:\d+:\d+ services\["orders\.v1\.OrderService"\]\.upstream: found \[\{"binding":"ORDERS"\}\]/m,
    );
    await changing(() => copy.write("wrangler.toml", toml), /^reload: the problem is fixed/m);
    const purged = config.replace("rateLimits: {", 'purge: { tokenBinding: "CACHE_TOKEN" },\n  rateLimits: {');
    await changing(
      () => copy.write(CONFIG, purged),
      /^gateway\.config\.ts:5:\d+ purge\.tokenBinding: found no secret of that name; .*CACHE_TOKEN=\.\.\. in \.dev\.vars/m,
    );
    await changing(
      () => copy.write(".dev.vars", 'CACHE_TOKEN="0123456789abcdef"\n'),
      /^reload: purge added: \{"tokenBinding":"CACHE_TOKEN"\}; \.dev\.vars CACHE_TOKEN changed$/m,
    );
    const changed = await changing(
      () => copy.write(".dev.vars", 'CACHE_TOKEN="fedcba9876543210"\n'),
      /^reload: \.dev\.vars CACHE_TOKEN changed$/m,
    );
    expect(changed()).not.toContain("fedcba");
    await changing(() => copy.write(CONFIG, config), /^reload: purge removed$/m);
  });

  it("reports that a bound service does not run, and uses it as soon as it does", async () => {
    const toml = copy.read("wrangler.toml");
    const bound = `${toml}\n[[services]]\nbinding = "HELLO"\nservice = "acme-hello"\n`;
    const routed = config.replace("services: {", 'httpRoutes: { "/hello/": { upstream: { binding: "HELLO" } } },\n  services: {');
    const folder = "workers/services/hello";
    await changing(() => {
      copy.write("wrangler.toml", bound);
      copy.write(CONFIG, routed);
    }, /^note: wrangler\.toml: \[\[services\]\] HELLO: found service = "acme-hello", which no wrangler\.toml of the project has; create workers\/services\/<name>\/wrangler\.toml/m);
    const missing = await until("refusal", async () => {
      const response = await get(`${gateway.origin}/hello/`);
      return response.status === 404 ? undefined : response.status;
    });
    expect(missing).toBe(503);
    mkdirSync(join(copy.folder, folder));
    const slow = 'if (request.url.endsWith("slow")) await scheduler.wait(300);';
    copy.write(`${folder}/index.ts`, `export default { async fetch(request) { ${slow} return new Response("hello"); } };\n`);
    await changing(
      () => copy.write(`${folder}/wrangler.toml`, 'name = "acme-hello"\nmain = "index.ts"\ncompatibility_date = "2026-10-01"\n'),
      /^reload: acme-hello added/m,
    );
    await until("response", async () => (await (await get(`${gateway.origin}/hello/`)).text()) === "hello");
  });

  it("waits for calls in flight while the runtime is replaced, and ends open streams", async () => {
    const routed = copy.read(CONFIG);
    const stream = fetch(`${gateway.origin}/api/v1/users:watch`, { headers: { accept: "text/event-stream" } })
      .then((response) => response.text())
      .catch(() => undefined);
    const responses: string[] = [];
    let isReplaced = false;
    const calls = (async () => {
      while (!isReplaced) {
        const call = get(`${gateway.origin}/hello/slow`);
        responses.push(await call.then((response) => response.text(), String));
      }
    })();
    await changing(
      () => copy.write(CONFIG, routed.replace("capacity: 20,", "capacity: 19,")),
      /^reload: rateLimits\.writes\.capacity: 20 -> 19$/m,
    );
    isReplaced = true;
    await calls;
    expect(new Set(responses)).toEqual(new Set(["hello"]));
    await stream;
  });

  it("removes a service whose folder is deleted", async () => {
    const toml = copy.read("wrangler.toml");
    await changing(() => {
      copy.write(CONFIG, config);
      copy.write("wrangler.toml", toml.replace(/\n\[\[services\]\]\nbinding = "HELLO"[^[]*$/, ""));
      rmSync(join(copy.folder, "workers/services/hello"), { recursive: true });
    }, /acme-hello removed/);
  });

  it("has failed no call meanwhile", () => {
    expect(failures).toEqual([]);
  });
});

describe("npm start, at the beginning", () => {
  let copy: ProjectCopy;
  let taken: Server;

  beforeAll(async () => {
    copy = copyProject();
    taken = createServer().listen(0, "127.0.0.1");
    await until("port", () => taken.listening);
  });
  afterAll(() => {
    taken.close();
    copy.remove();
  });

  it("reports that a port is taken, and that an address does not belong to this machine", () => {
    const { port } = taken.address() as AddressInfo;
    const run = copy.run("tidegate/main.ts", "dev", "--port", String(port));
    expect(run.status).toBe(1);
    expect(run.stderr).toContain(`port ${port} is taken; choose another with --port`);
    expect(copy.run("tidegate/main.ts", "dev", "--port", "0", "--host", "192.0.2.1").stderr).toContain(
      "--host 192.0.2.1: no address of this machine",
    );
    expect(copy.run("tidegate/main.ts", "dev", "--port", "70000")).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('--port: found "70000"; write a whole number'),
    });
  });

  it("refuses an invalid configuration, and names the missing secrets", () => {
    const config = copy.read(CONFIG);
    copy.write("other.config.ts", config.replace("rateLimits: {", 'registry: { tokenBinding: "REGISTRY_TOKEN" },\n  rateLimits: {'));
    const run = copy.run("tidegate/main.ts", "dev", "--port", "0", "--config", "other.config.ts");
    expect(run.status).toBe(1);
    expect(run.stderr).toMatch(/other\.config\.ts:5:\d+ registry\.tokenBinding: found no secret .*REGISTRY_TOKEN=\.\.\. in \.dev\.vars/);
  });

  it("starts with --config and --host, in spite of a service that cannot run yet, and takes that service when it can", async () => {
    const code = copy.read(USERS);
    copy.write("other.config.ts", copy.read(CONFIG).replace("capacity: 100,", "capacity: 777,"));
    copy.write(USERS, `${code}}}\n`);
    const args = ["--port", "0", "--host", "0.0.0.0", "--config", "other.config.ts", "--persist-to", join(copy.folder, "state")];
    const gateway = await start(copy.folder, copy.env, ["node", "cli/tidegate/main.ts", "dev"], args);
    try {
      expect(gateway.text()).toMatch(/workers\/services\/users\/users\.ts:\d+:\d+ Unexpected "\}"/);
      const refused = await get(`${gateway.origin}/api/v1/users`);
      expect(refused.status).toBe(503);
      copy.write(USERS, code);
      const response = await until(
        "service",
        async () => {
          const found = await get(`${gateway.origin}/api/v1/users`);
          return found.status === 200 && found;
        },
        gateway.text,
      );
      expect(response.headers.get("ratelimit-policy")).toContain("q=777");
      expect(await listedBreakers(gateway.origin)).toBe(404); // other machines can connect: reading needs a credential, and there is none
    } finally {
      gateway.process.kill("SIGTERM");
      await until("end", () => gateway.process.exitCode !== null);
    }
  });
});

/** The processes with a text in their command line, and all of their descendants. */
function processesWith(text: string): number[] {
  const lines = execFileSync("ps", ["-A", "-o", "pid=,ppid=,args="], { encoding: "utf8" }).trim().split("\n");
  const all = lines
    .map((line) => /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line)!)
    .map(([, pid, ppid, args]) => ({ pid: Number(pid), ppid: Number(ppid), args: args! }));
  const found = new Set(all.filter(({ args }) => args.includes(text)).map(({ pid }) => pid));
  for (let size = -1; size !== found.size; ) {
    size = found.size;
    for (const { pid, ppid } of all) if (found.has(ppid)) found.add(pid);
  }
  return [...found];
}

function isAlive(pid: number): boolean {
  if (!existsSync("/proc/self/stat")) return execFileSync("ps", ["-A", "-o", "pid="], { encoding: "utf8" }).includes(` ${pid}\n`);
  try {
    return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return false;
  }
}

describe.skipIf(process.platform === "win32")("npm start, when it is ended", () => {
  it.each([
    ["npm", "SIGTERM"],
    ["npm", "SIGKILL"],
    ["run.mjs", "SIGINT"],
    ["start.ts", "SIGKILL"],
  ] as const)("leaves nothing running: %s by %s", async (which, signal) => {
    const state = mkdtempSync(join(tmpdir(), "tidegate-end-"));
    const gateway = await start(process.cwd(), process.env, ["npm", "start", "--"], ["--port", "0", "--persist-to", state]);
    const all = processesWith(state);
    expect(all.length).toBeGreaterThanOrEqual(5); // npm, run.mjs, start.ts, its watchdog and workerd at least
    const lines = execFileSync("ps", ["-A", "-o", "pid=,args="], { encoding: "utf8" })
      .split("\n")
      .filter((line) => line.includes(state));
    const pattern = {
      npm: /^\s*(\d+) npm /,
      "run.mjs": /^\s*(\d+) \S*node \S*run\.mjs/,
      "start.ts": /^\s*(\d+) \S*node \S*cli\/start\.ts/,
    }[which];
    const pid = lines.flatMap((line) => pattern.exec(line)?.[1] ?? [])[0] ?? String(gateway.process.pid);
    process.kill(Number(pid), signal);
    try {
      await until(
        "end of all processes",
        () => !all.some(isAlive),
        () => execFileSync("ps", ["-o", "pid,ppid,args", "-p", all.join(",")], { encoding: "utf8" }),
      );
    } finally {
      for (const one of all) if (isAlive(one)) process.kill(one, "SIGKILL");
      rmSync(state, { recursive: true, force: true });
    }
  });
});
