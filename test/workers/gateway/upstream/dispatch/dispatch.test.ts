// The request that is sent to the upstream.
import { expect, it } from "vitest";
import { recordingGateway } from "../../../../support/gateway.ts";

it("sends the canonical path and the query as it came", async () => {
  const { gateway, last } = recordingGateway();
  await gateway(new Request("https://gateway.example/users.v1.UserService/%47etUser?connect=v1&encoding=json&message=%7B%7D"));
  expect(last().url).toBe("https://users.internal/users.v1.UserService/GetUser?connect=v1&encoding=json&message=%7B%7D");
  expect(last().method).toBe("GET");
});
