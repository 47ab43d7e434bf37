// Every command of README and docs that needs no account is run in a copy of the project, and ends well. Benchmarks measure for a second.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { copyProject, type ProjectCopy } from "../cli/project-copy.ts";
import { sessionOf } from "./documents.ts";
import { DEV_VARS, npmStart, type RunningGateway, settled, shell } from "./gateway.ts";
import { blocksOfKind, commands, isRight, reasonNotToRun, runnable } from "./kinds.ts";

/** The configuration for commands of operators: everything that they speak to is served. */
const OPERATED = `import { defineGateway } from "./core/config/gateway.ts";

export default defineGateway({
  registry: { tokenBinding: "REGISTRY_TOKEN", allowPrivate: true },
  purge: { tokenBinding: "CACHE_TOKEN" },
  breakers: { tokenBinding: "OPERATOR_TOKEN" },
  auth: { keys: { env: "live", tagSecrets: ["KEY_TAG_SECRET_1"] } },
  admin: { secretBinding: "ADMIN_SECRET" },
  services: { "users.v1.UserService": { upstream: { registry: true, endpoints: [{ binding: "USERS" }] } } },
});
`;

let copy: ProjectCopy;
beforeAll(() => {
  copy = copyProject();
  copy.write(".dev.vars", DEV_VARS);
  copy.write("operated.config.ts", OPERATED);
});
afterAll(() => copy.remove());

const run = commands
  .filter(({ line }) => reasonNotToRun(line) === undefined)
  .map(({ line, at }) => ({ line: runnable(line), at: at.join(", ") }));
const distinct = run.filter(({ line }, index) => run.findIndex((other) => other.line === line) === index);
const needsGateway = (line: string): boolean =>
  /localhost:8787|gateway\.example|^npm run (breaker|keys|purge|register) -- (?!--help)/.test(line);
const isStart = (line: string): boolean => /^npm start( |$)/.test(line);

describe("a session of README and docs", () => {
  let gateway: RunningGateway;
  beforeAll(async () => {
    gateway = await npmStart(copy);
  });
  afterAll(() => gateway?.stop());

  const sessions = blocksOfKind("session").flatMap((block) => sessionOf(block).map((part) => ({ at: block.at, ...part })));
  it("has three curls at least: REST, Connect, and a refusal", () => expect(sessions.length).toBeGreaterThanOrEqual(3));

  it.each(sessions)(
    "prints as at $at: $command",
    async ({ command, prints }) => {
      const { stdout } = await shell(copy, command, gateway);
      expect(settled(stdout)).toBe(settled(prints));
    },
    600_000,
  );

  it("has in npm start's own output commands that end well", async () => {
    const shown = [...gateway.output().matchAll(/ (curl (?:[^\n]*\\\n)*[^\n]*)/g)].map(([, line]) => line!.replaceAll("\\\n", " "));
    expect(shown.length).toBeGreaterThanOrEqual(4);
    for (const line of shown) {
      const { code, output } = await shell(copy, runnable(line));
      expect(isRight(line, code), `${line}\n${output}`).toBe(true);
    }
  }, 600_000);
});

describe("a command of README and docs to a running gateway", () => {
  let gateway: RunningGateway;
  beforeAll(async () => {
    gateway = await npmStart(copy, "--config", "operated.config.ts");
  });
  afterAll(() => gateway?.stop());

  it.each(distinct.filter(({ line }) => needsGateway(line)))(
    "ends well: $line ($at)",
    async ({ line }) => {
      const named =
        /^npm run (breaker|keys|purge|register) /.test(line) && !line.includes("--gateway") ? `${line} --gateway ${gateway.url}` : line;
      // A registration lasts until it is stopped: Ctrl-C once it is there, which ends it well.
      const ended = line.startsWith("npm run register ") ? `timeout --signal=INT 10 ${named} --drain 0 --lease 3` : named;
      const { code, output } = await shell(copy, ended, gateway);
      if (line.startsWith("npm run register ")) expect(output).toContain("is registered for");
      else expect(isRight(line, code), output).toBe(true);
    },
    600_000,
  );
});

describe("a command of README and docs", () => {
  it.each(distinct.filter(({ line }) => !needsGateway(line) && !isStart(line)))(
    "ends well: $line ($at)",
    async ({ line }) => {
      const { code, output } = await shell(copy, line);
      expect(isRight(line, code), output).toBe(true);
    },
    600_000,
  );

  it.each(distinct.filter(({ line }) => isStart(line)))(
    "starts a gateway: $line ($at)",
    async ({ line }) => {
      const given = line
        .replace(/^npm start( --)?/, "")
        .replace(/--port \d+/, "")
        .trim();
      const gateway = await npmStart(copy, ...given.split(" ").filter(Boolean));
      try {
        expect(await (await fetch(`${gateway.url}/healthz`)).text()).toBe("ok\n");
      } finally {
        await gateway.stop();
      }
    },
    600_000,
  );
});
