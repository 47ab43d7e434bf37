// buf curl, which comes with the project's own packages: reads the schema by reflection, and calls.
import { join } from "node:path";
import { type Checks, equal, truthy } from "./checks.ts";
import type { Front } from "./fronts.ts";
import { type Ended, runProgram } from "./programs.ts";

const BUF = join(import.meta.dirname, "../../node_modules/.bin/buf");
const PROTO = join(import.meta.dirname, "proto");

export async function bufCurl(checks: Checks, { name, http1, http2 }: Front): Promise<void> {
  const schema = ["--schema", PROTO];
  for (const protocol of ["connect", "grpcweb"]) {
    const call = (method: string, data: string, more: readonly string[] = schema) =>
      buf(["curl", "--protocol", protocol, ...more, "--data", data, `${http1}/${method}`]);
    const check = (what: string, run: () => Promise<void>) => checks.check(`${name}: buf curl, ${protocol}: ${what}`, run);
    await check("unary", async () => {
      const text = "x".repeat(5_000);
      const { code, stdout, stderr } = await call("lab.v1.LabService/Echo", JSON.stringify({ text }));
      truthy(code === 0, stderr);
      equal(JSON.parse(stdout).text, text);
    });
    await check("a stream of responses", async () => {
      const { code, stdout, stderr } = await call("lab.v1.LabService/Count", '{"count":3,"everyMs":20}');
      truthy(code === 0, stderr);
      equal(stdout.replaceAll(/\s+/g, ""), '{"number":1}{"number":2}{"number":3}');
    });
    await check("a stream of requests", async () => {
      const { code, stdout, stderr } = await call("lab.v1.LabService/Sum", '{"number":1}{"number":2}');
      truthy(code === 0, stderr);
      equal(JSON.parse(stdout), { sum: 3, count: 2 });
    });
    await check("an error with details", async () => {
      const { code, stderr } = await call("lab.v1.LabService/Fail", '{"code":5,"message":"no such thing"}');
      truthy(code !== 0, "buf curl ended with 0");
      const error = JSON.parse(stderr);
      equal([error.code, error.message, error.details?.length], ["not_found", "no such thing", 3]);
    });
    await check("reflection of the shipped services, over HTTP/2", async () => {
      const http2Call = ["--http2-prior-knowledge", "--reflect-protocol", "grpc-v1"];
      const { code, stdout, stderr } = await buf([
        ...["curl", "--protocol", protocol, ...http2Call, "--data", '{"pageSize":1}'],
        `${http2}/users.v1.UserService/ListUsers`,
      ]);
      truthy(code === 0, stderr);
      truthy(stdout.trim().startsWith("{"), stdout);
    });
  }
}

const buf = (args: readonly string[]): Promise<Ended> => runProgram(BUF, args);
