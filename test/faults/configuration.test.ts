// Configurations with a mistake: the check ends with 1, and says where it is, what was found, and what to write.
import { afterAll, beforeAll, expect, it } from "vitest";
import { parsePolicy } from "../../core/config/gateway.ts";
import { copyProject, type ProjectCopy } from "../cli/project-copy.ts";

const MANY = 10_000;
let copy: ProjectCopy;

beforeAll(() => {
  copy = copyProject();
});
afterAll(() => copy.remove());

function check(users: string): { status: number | null; output: string } {
  const config = `{ services: { "users.v1.UserService": { upstream: { binding: "USERS" }, ${users} } } }`;
  const head = `import { defineGateway } from "./core/config/gateway.ts";`;
  copy.write("gateway.config.ts", `${head}\nexport default defineGateway(${config} as never);\n`);
  const { status, stdout, stderr } = copy.run("check/check-configuration.ts");
  return { status, output: stdout + stderr };
}

const rules = (one: string, other: string): string =>
  `methods: { GetUser: { http: [{ get: "${one}" }] }, DeleteUser: { http: [{ get: "${other}" }] } }`;

it.each([
  ["an unknown key", "maxBodyByte: 5", /maxBodyByte: found 5; remove it, or write "maxBodyBytes"/],
  ["a value of the wrong type", 'maxBodyBytes: "many"', /maxBodyBytes: found "many"; write a whole number from 1 to \d+ \(bytes\)/],
  [
    "a weight of 0",
    'traffic: { canaries: [{ name: "a", percent: 0, upstream: { endpoints: [{ url: "https://a.example", weight: 0 }] } }] }',
    /weight: found 0/,
  ],
  ["a method twice under one path", rules("/x/{id}", "/x/{id}"), /\/x\/\{id\}/],
  ["two paths of equal specificity", rules("/x/{id}/y", "/x/{id=*}/y"), /\/x\/\{id/],
  ["a method that the proto does not have", "methods: { GetUserr: {} }", /GetUserr: found "GetUserr"; write "GetUser"/],
])("G01 the check refuses %s, with its place and the fix", (_, users, problem) => {
  const { status, output } = check(users);
  expect(status, output).toBe(1);
  expect(output).toMatch(/^gateway\.config\.ts:2:\d+ services\["users\.v1\.UserService"\]/m);
  expect(output).toMatch(problem);
});

it("G01 10,000 services are read, and so are 10,000 mistakes", () => {
  const names = Array.from({ length: MANY }, (_, n) => `a.v1.Service${n}`);
  const services = Object.fromEntries(names.map((name) => [name, { upstream: { url: `https://${name}.example` } }]));
  const declared = new Map(names.map((name) => [name, ["Get", "List"]]));
  const read = parsePolicy({ services }, declared);
  expect(read.kind === "ok" ? read.policy.services.size : read.problems.slice(0, 3)).toBe(MANY);
  const refused = parsePolicy({ services }, new Map());
  expect(refused.kind === "invalid" && refused.problems.length).toBe(MANY);
});
