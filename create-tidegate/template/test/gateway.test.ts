// Calls through the gateway, with its Durable Objects and services, in the runtime of Cloudflare.
import { exports } from "cloudflare:workers";
import { expect, it } from "vitest";

it("serves REST", async () => {
  const response = await exports.default.fetch("https://api.example/api/v1/greetings/Ada");
  expect(response.status).toBe(200);
  expect(await response.json()).toEqual({ text: "Hello, Ada!" });
  expect(response.headers.get("ratelimit-policy")).toContain("per-caller");
});

it("serves Connect, with the same answer", async () => {
  const response = await exports.default.fetch("https://api.example/greeter.v1.GreeterService/Greet", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ name: "Ada" }),
  });
  expect(await response.json()).toEqual({ text: "Hello, Ada!" });
});

it("passes on what the service refuses", async () => {
  const response = await exports.default.fetch(`https://api.example/api/v1/greetings/${"a".repeat(101)}`);
  expect(response.status).toBe(400);
});
