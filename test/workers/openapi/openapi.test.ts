// Calls made from the document alone, against the gateway: each has to arrive at the method it is said to call.
import { type DescMethod, fromBinary } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import document from "../../../protos/gen/openapi.json" with { type: "json" };
import { openapi } from "../../../workers/gateway/openapi/openapi.ts";
import { selectServices } from "../../../workers/gateway/openapi/select.ts";
import { gatewayTo } from "../../support/gateway.ts";
import { catalog } from "../../support/shipped/catalog.ts";

interface Operation {
  readonly operationId: string;
  readonly tags: readonly string[];
  readonly parameters?: readonly { readonly name?: string; readonly in?: string; readonly schema?: { readonly type?: string } }[];
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly example?: unknown }>> };
  readonly "x-connect": { readonly path: string; readonly kind: string };
}

const operations = Object.entries(document.paths).flatMap(([path, item]) =>
  Object.entries(item as unknown as Record<string, Operation>).map(([method, operation]) => ({
    path,
    method: method.toUpperCase(),
    operation,
  })),
);
const methods = new Map(catalog.flatMap((service) => service.methods).map((method) => [`/${service(method)}/${method.name}`, method]));

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
  it("is there: one for each rule of the example services", () => {
    expect(operations.map(({ operation }) => operation.operationId)).toHaveLength(14);
  });

  it.each(operations.map((one) => [one.operation.operationId, one] as const))(
    "%s reaches its method",
    async (_, { path, method, operation }) => {
      const seen: string[] = [];
      const gateway = gatewayTo(reading(seen), {
        services: {
          "users.v1.UserService": { upstream: { binding: "USERS" } },
          "orders.v1.OrderService": { upstream: { binding: "USERS" } },
        },
      });
      const answer = await gateway(requestFor(path, method, operation));
      expect(await answer.json()).toEqual(operation["x-connect"].kind === "unary" ? {} : []);
      expect(answer.status).toBe(200);
      expect(seen).toEqual([operation["x-connect"].path]);
    },
  );
});

describe("/openapi.json", () => {
  const request = new Request("https://api.example.com/openapi.json");

  it("speaks of the services that are configured, and of no others", async () => {
    const text = await openapi(["users.v1.UserService"])(request).text();
    expect(text).toContain("users.v1.User");
    expect(text).not.toMatch(/orders\.v1|\/api\/v1\/orders|OrderService/);
  });

  it("shows nothing where nothing is configured, but how calls fail", () => {
    const { paths, tags, components } = selectServices(document, new Set());
    expect({ paths, tags, schemas: Object.keys(components.schemas) }).toEqual({ paths: {}, tags: [], schemas: ["google.rpc.Status"] });
  });

  it("names the origin it was asked at", async () => {
    const answer = openapi(["users.v1.UserService"])(request);
    expect(answer.headers.get("content-type")).toContain("application/json");
    expect(await answer.json()).toMatchObject({ openapi: "3.1.0", servers: [{ url: "https://api.example.com" }] });
  });
});
