import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError } from "@connectrpc/connect";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { BreakerService, Override, State } from "../../../protos/gen/tidegate/breaker/v1/breaker_pb.ts";
import { type AdminServer, bearerOf, command, serve } from "./admin-server.ts";

const AT = timestampFromDate(new Date("2026-11-29T03:00:00.500Z"));
const USERS = "users.v1.UserService";
const BREAKERS = [
  { upstream: USERS, endpoint: "https://a.example", state: State.HALF_OPEN, since: AT, override: Override.NONE, isolates: 3 },
  { upstream: USERS, endpoint: "USERS", state: State.OPEN, override: Override.OPEN, isolates: 0 },
];
let gateway: AdminServer;

beforeAll(async () => {
  gateway = await serve((router) =>
    router.service(BreakerService, {
      listBreakers({ upstream }, context) {
        if (bearerOf(context) !== "Bearer secret") throw new ConnectError("missing or wrong bearer token", Code.Unauthenticated);
        return { breakers: upstream === "" ? BREAKERS : [] };
      },
      setOverride({ upstream, endpoint, override, reason }, { requestHeader }) {
        if (reason === "again") throw new ConnectError("no such endpoint", Code.NotFound);
        const operator = requestHeader.get("tidegate-operator");
        return { upstream, endpoint: `${endpoint} ${operator} ${reason}`, state: State.CLOSED, override };
      },
      listChanges: ({ upstream }) => ({
        changes: [
          {
            time: AT,
            upstream,
            endpoint: "USERS",
            state: State.RAMP,
            override: Override.CLOSED,
            author: "ada (OPERATOR_TOKEN)",
            reason: "repaired",
          },
        ],
      }),
    }),
  );
});
afterAll(() => gateway.close());

const breaker = (args: readonly string[], variables: Record<string, string> = { OPERATOR_TOKEN: "secret" }) =>
  command("breaker", [...args, "--gateway", gateway.origin], variables).ended;

describe("tidegate breaker", () => {
  it("lists breakers as a table, with the states of the proto in lower case", async () => {
    expect(await breaker(["list"])).toEqual({
      code: 0,
      stdout: [
        `${USERS}  https://a.example  half_open  by evidence     since 2026-11-29T03:00:00.500Z  3 isolates`,
        `${USERS}  USERS              open       by an operator  never changed                   0 isolates`,
        "",
      ].join("\n"),
      stderr: "",
    });
    expect((await breaker(["list", "orders.v1.OrderService"])).stdout).toBe("none\n");
  });

  it("lists changes with time, author and reason", async () => {
    const { stdout } = await breaker(["changes", USERS]);
    expect(stdout).toBe(`${USERS}  USERS  ramp  by an operator  2026-11-29T03:00:00.500Z  ada (OPERATOR_TOKEN): repaired\n`);
  });

  it.each([
    ["open", "by an operator"],
    ["close", "by an operator"],
    ["auto", "by evidence"],
  ])("sends %s with endpoint, operator and reason", async (name, decision) => {
    const { code, stdout } = await breaker([name, USERS, "USERS", "--reason", "disk is full", "--as", "ada"]);
    expect([code, stdout]).toEqual([0, `${USERS}  USERS ada disk is full  closed  ${decision}  never changed  0 isolates\n`]);
  });

  it.each([
    [[], "write list, open, close, auto, changes"],
    [["opne"], 'found no command "opne"; did you mean open?'],
    [["list", USERS, "USERS"], 'found "USERS", more arguments than the command takes'],
    [["open", USERS], "found no ENDPOINT"],
    [["open", USERS, "USERS"], 'found no reason\n  fix:   write one for the audit: --reason "..."'],
  ])("exits with 2 for %j, with the fix", async (args, problem) => {
    expect(await breaker(args)).toMatchObject({ code: 2, stdout: "", stderr: expect.stringContaining(problem) });
  });

  it("exits with 1 and the fix where the token is missing or wrong, or the gateway responds with an error", async () => {
    expect((await breaker(["list"], {})).stderr).toContain("found no ADMIN_TOKEN in the environment");
    expect(await breaker(["list"], { OPERATOR_TOKEN: "other" })).toEqual({
      code: 1,
      stdout: "",
      stderr:
        "error: unauthenticated: missing or wrong bearer token\n  fix:   set ADMIN_TOKEN to the secret that the gateway has, or to an API key with the scope of a role\n",
    });
    expect((await breaker(["open", USERS, "X", "--reason", "again"])).stderr).toBe("error: not_found: no such endpoint\n");
  });
});
