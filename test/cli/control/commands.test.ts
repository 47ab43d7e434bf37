// The commands of the control plane as processes, against a server with versions: what they send, print and refuse, and their exit codes.
import { createHash } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { create } from "@bufbuild/protobuf";
import { Code, ConnectError, type ConnectRouter } from "@connectrpc/connect";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { bundledVersion } from "../../../cli/deploy/bundled-version.ts";
import { contextOf } from "../../../cli/tidegate/context.ts";
import {
  type Change,
  ChangeConflictSchema,
  ChangeKind,
  ChangeSchema,
  ConfigurationProblemsSchema,
  ControlService,
  type PublishRequest,
  type Version,
  VersionSchema,
} from "../../../protos/gen/tidegate/control/v1/control_pb.ts";
import { type AdminServer, bearerOf, command, serve } from "../admin/admin-server.ts";

const TOKEN = "an admin's token of 32 characters";
const CONFIG = { services: { "users.v1.UserService": { upstream: { binding: "USERS" } } }, admin: {}, control: {} };
const folder = mkdtempSync(join(tmpdir(), "tidegate-control-"));
const file = join(folder, "gateway.config.ts");

/** What the gateway has. */
interface State {
  sequence: bigint;
  versions: Version[];
  texts: string[];
  live: bigint;
  canary: bigint;
  requests: { readonly method: string; readonly operator: string | null; readonly message: object }[];
  refusal: ConnectError | undefined;
}

let state: State;
let server: AdminServer;

function routes(router: ConnectRouter): void {
  const versionOf = (number: bigint) => state.versions.find(({ version }) => version === number);
  const change = (kind: ChangeKind, version: bigint): Change => {
    if (state.refusal !== undefined) throw state.refusal;
    state.sequence += 1n;
    return create(ChangeSchema, { sequence: state.sequence, kind, version, author: "ann", reason: "because" });
  };
  const note = (method: string, message: object, context: Parameters<typeof bearerOf>[0]) => {
    if (bearerOf(context) !== `Bearer ${TOKEN}`) throw new ConnectError("no admin", Code.Unauthenticated);
    state.requests.push({ method, operator: context.requestHeader.get("tidegate-operator"), message });
  };
  router.service(ControlService, {
    publish(request: PublishRequest, context) {
      note("publish", request, context);
      const version = BigInt(state.versions.length + 1);
      const made = change(request.canary === undefined ? ChangeKind.PUBLISH : ChangeKind.CANARY, version);
      if (request.validateOnly) return { warnings: ["a warning"] };
      state.versions.push(create(VersionSchema, { version, digest: request.snapshot!.digest, author: "ann", reason: request.reason }));
      state.texts.push(request.snapshot!.text);
      if (request.canary === undefined) state.live = version;
      else state.canary = version;
      return { version, sequence: made.sequence };
    },
    promote(request, context) {
      note("promote", request, context);
      return { change: change(ChangeKind.PROMOTE, state.canary) };
    },
    rollback(request, context) {
      note("rollback", request, context);
      return { change: change(ChangeKind.ROLLBACK, request.version ?? state.live - 1n) };
    },
    getStatus(_, context) {
      note("status", {}, context);
      const [live, canary] = [versionOf(state.live), versionOf(state.canary)];
      const bundled = { digest: "b".repeat(64), isolates: 1n };
      const running = [{ digest: live?.digest ?? "", version: state.live, isolates: 4n, canaries: 1n }, bundled];
      const refused = [{ digest: "c".repeat(64), version: 9n, reason: "its bundle lacks a layer", isolates: 2n }];
      return {
        ...{ sequence: state.sequence, regions: [{ region: "weur", running }], refused, fellBack: 3n },
        ...(live && { live }),
        ...(canary && { canary, share: { percent: 5, region: "" } }),
      };
    },
    listVersions(_, context) {
      note("versions", {}, context);
      return { versions: state.versions.toReversed(), changes: [] };
    },
    getVersion({ version }, context) {
      note("version", {}, context);
      return { version: versionOf(version)!, snapshot: { text: state.texts[Number(version) - 1]! } };
    },
  });
}

function write(config: object): void {
  writeFileSync(file, `export default ${JSON.stringify(config)};\n`);
}

async function run(name: string, ...args: string[]) {
  const { ended } = command(name, [...args, "--gateway", server.origin], { ADMIN_TOKEN: TOKEN });
  const { code, stdout, stderr } = await ended;
  return { code, text: `${stdout}${stderr}`, stdout };
}

const publish = (...args: string[]) => run("publish", "--config", file, "--as", "ann", ...args);

beforeAll(async () => {
  server = await serve(routes);
});
afterAll(() => {
  server.close();
  rmSync(folder, { recursive: true, force: true });
});
beforeEach(() => {
  state = { sequence: 7n, versions: [], texts: [], live: 0n, canary: 0n, requests: [], refusal: undefined };
  write(CONFIG);
});

describe("tidegate publish", () => {
  it("sends the configuration as data, against the state that it has seen", async () => {
    const { code, text } = await publish("--reason", "because");
    expect([code, text]).toEqual([0, expect.stringMatching(/^version 1 is live \(digest [0-9a-f]{64}\)/)]);
    const { operator, message } = state.requests.at(-1)!;
    expect(operator).toBe("ann");
    const { snapshot, expectedSequence, reason, canary } = message as PublishRequest;
    expect([expectedSequence, reason, canary]).toEqual([7n, "because", undefined]);
    expect(JSON.parse(snapshot!.text)).toEqual({ format: 1, configuration: CONFIG, descriptors: [], layers: [] });
    expect(createHash("sha256").update(snapshot!.text).digest("hex")).toBe(snapshot!.digest);
  });

  it("makes a canary of a share", async () => {
    const { code, stdout } = await publish("--reason", "try", "--canary", "5%", "--region", "weur", "--json");
    expect([code, JSON.parse(stdout)]).toMatchObject([0, { state: "canary", version: "1", sequence: "8" }]);
    expect((state.requests.at(-1)!.message as PublishRequest).canary).toMatchObject({ percent: 5, region: "weur" });
  });

  it("prints warnings of a dry run, and publishes nothing", async () => {
    const { code, text } = await publish("--dry-run");
    expect([code, text]).toEqual([0, expect.stringContaining("valid: nothing was published")]);
    expect(text).toContain("warning: a warning");
    expect(state.versions).toEqual([]);
  });

  it.each([
    { name: "no reason", args: [], code: 2, text: "--reason" },
    { name: "a share that is none", args: ["--reason", "x", "--canary", "many"], code: 2, text: 'found "many"' },
  ])("refuses $name", async ({ args, code, text }) => {
    const ended = await publish(...args);
    expect([ended.code, ended.text]).toEqual([code, expect.stringContaining(text)]);
    expect(state.versions).toEqual([]);
  });

  it("refuses a file that is not there", async () => {
    expect(await run("publish", "--reason", "x", "--config", "no.ts")).toMatchObject({ code: 1, text: expect.stringContaining("no.ts") });
  });

  it("refuses the value of a secret, without showing it", async () => {
    const secret = `${"sk_live"}_4eC39HqLyjWDarjtT1zdp7dc`;
    write({ ...CONFIG, defaults: { requestHeaders: { set: { "x-key": secret } } } });
    const { code, text } = await publish("--reason", "x");
    expect([code, text]).toEqual([1, expect.stringContaining('defaults.requestHeaders.set["x-key"]')]);
    expect(text).not.toContain(secret);
    expect(state.requests.filter(({ method }) => method === "publish")).toEqual([]);
  });

  it("refuses values that are no data", async () => {
    writeFileSync(file, "export default { services: {}, defaults: { a: () => 1 } };\n");
    expect(await publish("--reason", "x")).toMatchObject({ code: 1, text: expect.stringContaining("defaults.a: found") });
  });

  it("says who was faster", async () => {
    const winner = { sequence: 9n, kind: ChangeKind.PUBLISH, version: 4n, author: "ben", reason: "hotfix" };
    state.refusal = new ConnectError("conflict", Code.Aborted, undefined, [
      { desc: ChangeConflictSchema, value: { sequence: 9n, winner } },
    ]);
    const { code, text } = await publish("--reason", "x");
    expect([code, text]).toEqual([1, expect.stringContaining("ben was faster: publish of version 4")]);
  });

  it("lists what the gateway cannot serve, with paths and fixes", async () => {
    const problems = [{ path: "defaults.x", found: "1", fix: "leave it out" }];
    const value = { problems, more: 3 };
    state.refusal = new ConnectError("invalid", Code.InvalidArgument, undefined, [{ desc: ConfigurationProblemsSchema, value }]);
    const { code, text } = await publish("--reason", "x");
    expect([code, text]).toEqual([1, expect.stringContaining("defaults.x: found 1; leave it out")]);
    expect(text).toContain("and 3 more");
  });
});

describe("with two versions", () => {
  beforeEach(async () => {
    await publish("--reason", "one");
    write({ ...CONFIG, rateLimitShards: 32 });
    await publish("--reason", "two", "--canary", "5");
  });

  it("promote, rollback and rollback --to send what they say", async () => {
    expect(await run("promote", "--reason", "good")).toMatchObject({ code: 0, text: expect.stringContaining("version 2 is live") });
    expect(state.requests.at(-1)!.message).toMatchObject({ expectedSequence: 9n, reason: "good" });
    expect(await run("promote", "--reason", "more", "--canary", "25%")).toMatchObject({ text: expect.stringContaining("25 % of callers") });
    const back = await run("rollback", "--reason", "bad", "--to", "bundled");
    const text = "the canary, version 2, was taken back; the bundled configuration is live";
    expect(back).toMatchObject({ code: 0, text: expect.stringContaining(text) });
    expect(state.requests.at(-1)!.message).toMatchObject({ version: 0n });
    expect((await run("rollback", "--reason", "bad", "--to", "first")).code).toBe(2);
    expect((await run("rollback")).code).toBe(2);
  });

  it("status and versions show what is live, what isolates run, and what they refuse", async () => {
    const { code, text } = await run("status");
    expect(code).toBe(0);
    const parts = [
      "version 1",
      "5 % of callers",
      "4 of 5 isolates",
      "weur",
      "version 9 by 2 isolates: its bundle lacks a layer",
      "3 of them served",
    ];
    for (const part of parts) expect(text).toContain(part);
    const { stdout } = await run("status", "--json");
    expect(JSON.parse(stdout)).toMatchObject({
      live: { version: "1" },
      canary: { percent: 5 },
      propagation: { applied: "4", isolates: "5" },
      fellBack: "3",
    });
    expect((await run("versions")).text).toMatch(/2 +[0-9a-f]{12}.*two[\s\S]*1 +[0-9a-f]{12}.*one/);
  });

  it("diff names settings that differ, with exit code 1, and none of the same version", async () => {
    const { code, text } = await run("diff", "--config", file);
    expect([code, text]).toEqual([1, "+ rateLimitShards: 32\n"]);
    expect(await run("diff", "2", "--config", file)).toMatchObject({ code: 0, text: expect.stringContaining("is version 2") });
  });

  it("deploy compares what it bundles", async () => {
    const terminal = { stdin: process.stdin, stdout: process.stdout, stderr: process.stderr, cwd: () => folder };
    const compare = (settings: object, env = { TIDEGATE_GATEWAY: server.origin, ADMIN_TOKEN: TOKEN }) =>
      bundledVersion(contextOf({ ...terminal, env }, false), settings, file);
    state.live = 2n;
    expect(await compare(CONFIG)).toEqual({ kind: "good" });
    write(CONFIG);
    const older = { kind: "older", problem: expect.stringMatching(/found version 1, while version 2 is live; .*--force/) };
    expect(await compare(CONFIG)).toEqual(older);
    write({ ...CONFIG, rateLimitShards: 64 });
    expect(await compare(CONFIG)).toMatchObject({ kind: "unknown", note: expect.stringContaining("was never published") });
    expect(await compare(CONFIG, { TIDEGATE_GATEWAY: "", ADMIN_TOKEN: "" })).toMatchObject({ kind: "unknown" });
    expect(await compare(CONFIG, { TIDEGATE_GATEWAY: "http://127.0.0.1:1", ADMIN_TOKEN: TOKEN })).toMatchObject({ kind: "unknown" });
    expect(await compare({ services: {} })).toEqual({ kind: "good" });
  });
});
