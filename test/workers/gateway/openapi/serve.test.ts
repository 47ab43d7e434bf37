// Calls made from the document alone, against the gateway: each has to arrive at the method it is said to call.
import { type DescMethod, fromBinary } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { type GatewayInput, parsePolicy } from "../../../../core/config/gateway.ts";
import { describe as describeProblem } from "../../../../core/config/problems.ts";
import document from "../../../../protos/gen/openapi.json" with { type: "json" };
import { createApp } from "../../../../workers/gateway/app.ts";
import descriptors from "../../../support/foreign/foreign.descriptors.ts";
import { gatewayTo } from "../../../support/gateway.ts";
import { catalog } from "../../../support/shipped/catalog.ts";

interface Operation {
  readonly operationId: string;
  readonly tags: readonly string[];
  readonly parameters?: readonly { readonly name?: string; readonly in?: string; readonly schema?: { readonly type?: string } }[];
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly example?: unknown }>> };
  readonly "x-connect": { readonly path: string; readonly kind: string };
}

const all = Object.entries(document.paths).flatMap(([path, item]) =>
  Object.entries(item as unknown as Record<string, Operation>).map(([method, operation]) => ({
    path,
    method: method.toUpperCase(),
    operation,
  })),
);
const methods = new Map(catalog.flatMap((service) => service.methods).map((method) => [`/${service(method)}/${method.name}`, method]));
/** A team's services are in the document, too; these tests are about the example services. */
const operations = all.filter(({ operation }) => methods.has(operation["x-connect"].path));
const hasOthers = operations.length < all.length;

function service(method: DescMethod): string {
  return method.parent.typeName;
}

/** Every parameter and the example of the body, as a client made from the document would send them. */
function requestFor(path: string, method: string, { parameters = [], requestBody }: Operation): Request {
  const url = new URL(path.replaceAll(/\{[^}]+\}/g, "some%20id"), "https://gateway.example");
  for (const { name, in: place, schema } of parameters) {
    if (place === "query")
      url.searchParams.append(
        name!,
        schema?.type === "integer" ? "1" : name === "afterRevision" ? "1" : name === "updateMask" ? "note" : "x",
      );
  }
  const body = requestBody === undefined ? null : JSON.stringify(requestBody.content["application/json"]!.example);
  return new Request(url, { method, body, headers: body === null ? {} : { "content-type": "application/json" } });
}

/** An upstream that can read what it is sent, and answers with nothing set. */
function reading(seen: string[]) {
  return async (request: Request): Promise<Response> => {
    const { pathname } = new URL(request.url);
    const method = methods.get(pathname)!;
    const isStream = method.methodKind !== "unary";
    const bytes = new Uint8Array(await request.arrayBuffer());
    fromBinary(method.input, isStream ? bytes.subarray(5) : bytes);
    seen.push(pathname);
    const end = new Uint8Array([2, 0, 0, 0, 2, 123, 125]);
    return new Response(isStream ? end : new Uint8Array(), {
      headers: { "content-type": isStream ? "application/connect+proto" : "application/proto" },
    });
  };
}

describe("every operation of the document", () => {
  it("is there, one for each rule of the example services", () => {
    expect(operations.map(({ operation }) => operation.operationId)).toHaveLength(15);
  });

  it.each(operations.map((one) => [one.operation.operationId, one] as const))(
    "%s reaches its method",
    async (_, { path, method, operation }) => {
      const seen: string[] = [];
      const gateway = gatewayTo(reading(seen), {
        services: {
          "users.v1.UserService": { upstream: { binding: "USERS" } },
          "orders.v1.OrderService": { upstream: { binding: "USERS" } },
          "notifications.v1.NotificationService": { upstream: { binding: "USERS" } },
        },
      });
      const answer = await gateway(requestFor(path, method, operation));
      expect(await answer.json()).toEqual(operation["x-connect"].kind === "unary" ? {} : []);
      expect(answer.status).toBe(200);
      expect(seen).toEqual([operation["x-connect"].path]);
    },
  );
});

// biome-ignore lint/suspicious/noExplicitAny: a document is read by paths
type Document = any;

const FOREIGN = "foreign.v1.Topics";
const users = { "users.v1.UserService": { upstream: { binding: "USERS" } } };

/** The document that the gateway serves for a configuration, requested under a host of the caller's choice. */
async function documentOf(input: Partial<GatewayInput>): Promise<Document> {
  const app = createApp({ services: users, ...input }, catalog, { USERS: { fetch } });
  const answer = await app.fetch(new Request("https://evil.example/openapi.json"));
  expect(answer.headers.get("content-type")).toContain("application/json");
  return answer.json();
}

const foreign = (methods: object = {}): Partial<GatewayInput> => ({
  descriptors: [descriptors],
  services: { [FOREIGN]: { upstream: { binding: "USERS" }, methods }, "foreign.v1.Broken": { upstream: { binding: "USERS" } } } as never,
});

describe("/openapi.json", () => {
  it.skipIf(hasOthers)("is the committed document if the configuration lists the same services", async () => {
    const others = {
      "notifications.v1.NotificationService": { upstream: { binding: "USERS" } },
      "orders.v1.OrderService": { upstream: { binding: "USERS" } },
    };
    const { info, ...served } = await documentOf({ services: { ...others, ...users } });
    const { info: _, ...committed } = document;
    expect(info).toMatchObject({ title: "Tidegate", version: document.info.version });
    expect(served).toEqual(committed);
  });

  it("contains the configured services and no others", async () => {
    const text = JSON.stringify(await documentOf({}));
    expect(text).toContain("users.v1.User");
    expect(text).not.toMatch(/orders\.v1|\/api\/v1\/orders|OrderService/);
  });

  it("does not depend on the Host header, and does not mention gRPC", async () => {
    const served = await documentOf({});
    expect(served.servers).toEqual([{ url: "/" }]);
    expect(JSON.stringify(served)).not.toMatch(/evil\.example|gRPC(?!-Web)/);
  });

  it("contains title, contact, servers and security of the configuration", async () => {
    const bearer = { type: "http", scheme: "bearer" } as const;
    const served = await documentOf({
      openapi: {
        title: "Acme",
        version: "7",
        description: "All of it.",
        contact: { email: "api@acme.example" },
        license: { name: "Apache-2.0", identifier: "Apache-2.0" },
        servers: ["https://api.acme.example"],
        security: { bearer },
      },
    });
    expect(served).toMatchObject({
      info: {
        title: "Acme",
        version: "7",
        description: "All of it.",
        contact: { email: "api@acme.example" },
        license: { name: "Apache-2.0" },
      },
      servers: [{ url: "https://api.acme.example" }],
      security: [{ bearer: [] }],
      components: { securitySchemes: { bearer } },
    });
  });

  it("describes services of descriptors like compiled ones", async () => {
    const { paths, tags, components } = await documentOf(foreign());
    expect(tags[0]).toEqual({
      name: FOREIGN,
      description: "Keeps topics, as public APIs often do: no method says whether it may be repeated.",
    });
    const { get, put } = paths["/foreign/v1/projects/{projectsId}/topics/{topicsId}"];
    expect(get).toMatchObject({
      operationId: "Topics_GetTopic",
      summary: "Returns one topic",
      "x-connect": { path: `/${FOREIGN}/GetTopic` },
    });
    expect(put.requestBody.content["application/json"].schema.properties).toHaveProperty("labels");
    expect(components.schemas["foreign.v1.Topic"].properties.name.description).toBe("Its resource name.");
  });

  it("leaves out a skipped rule, and has its method as a Connect call instead", async () => {
    const { paths } = await documentOf(foreign());
    expect(Object.keys(paths).filter((path) => /no-slash|body-of-get|unknown|trace/.test(path))).toEqual([]);
    expect(paths["/foreign.v1.Broken/BodyOfGet"].post.operationId).toBe("Broken_BodyOfGet");
    expect(Object.keys(paths)).toContain("/foreign/v1/also-fine/{topic}");
  });

  it("has methods without a rule as Connect calls: POST, and GET without side effects", async () => {
    const before = await documentOf(foreign());
    const path = `/${FOREIGN}/CountTopics`;
    expect(Object.keys(before.paths[path])).toEqual(["post"]);
    expect(before.paths[path].post).toMatchObject({
      summary: "Counts the topics of a project",
      requestBody: { content: { "application/json": { schema: { $ref: "#/components/schemas/foreign.v1.CountTopicsRequest" } } } },
      responses: { "400": { $ref: "#/components/responses/ConnectBadRequest" } },
    });
    expect(Object.keys(before.paths[`/${FOREIGN}/WatchTopics`].post.requestBody.content)).toEqual(["application/connect+json"]);
    const after = await documentOf(foreign({ CountTopics: { idempotency: "no_side_effects" } }));
    expect(Object.keys(after.paths[path])).toEqual(["post", "get"]);
    expect(after.paths[path].get.parameters.map(({ name }: Document) => name)).toEqual(["encoding", "message", "connect"]);
  });

  it("has the rules of the configuration instead of those of the protos", async () => {
    const { paths } = await documentOf(foreign({ CountTopics: { http: [{ get: "/count/{project}" }] }, GetTopic: { http: [] } }));
    expect(paths["/count/{project}"].get.operationId).toBe("Topics_CountTopics");
    expect(paths[`/${FOREIGN}/CountTopics`]).toBeUndefined();
    const { get, put } = paths["/foreign/v1/projects/{projectsId}/topics/{topicsId}"];
    expect([get.operationId, put.operationId]).toEqual(["Broken_SamePaths", "Topics_CreateTopic"]); // the next rule has the path now
    expect(paths[`/${FOREIGN}/GetTopic`].post.operationId).toBe("Topics_GetTopic");
  });

  it.each([
    [{ titel: "x" }, /^openapi\.titel: found "x"; remove it, or write "title"$/],
    [{ title: "" }, /^openapi\.title: found ""; write text/],
    [{ servers: ["api.example.com"] }, /^openapi\.servers: found \["api\.example\.com"\]; write a list of base URLs/],
    [{ license: { url: "https://l.example" } }, /^openapi\.license\.name: found nothing; name the license/],
    [{ security: { a: { type: "https" } } }, /^openapi\.security\.a\.type: found "https"; write "http" or "apiKey"/],
    [{ security: { a: { type: "http" } } }, /^openapi\.security\.a\.scheme: found nothing; a scheme of type "http" has it$/],
    [{ security: { a: { type: "apiKey", in: "body", name: "k" } } }, /^openapi\.security\.a\.in: found "body"; write "header" or/],
  ])("is refused with the path, the value and the fix: %j", async (openapi, expected) => {
    const parsed = parsePolicy({ services: users, openapi }, new Map([["users.v1.UserService", []]]));
    expect(parsed.kind === "invalid" ? parsed.problems.map(describeProblem).join("\n") : "").toMatch(expected);
  });
});
