// Full duplex through the gateway, over sockets: to a Worker behind a service binding, and to an upstream over HTTP/1.1.
import {
  type ServerReflectionRequest,
  ServerReflectionRequestSchema,
  ServerReflectionResponseSchema,
} from "../../protos/gen/grpc/reflection/v1/reflection_pb.ts";
import { type Checks, equal } from "./checks.ts";
import { converse } from "./duplex.ts";
import type { Front } from "./fronts.ts";
import { ChatRequestSchema, ChatResponseSchema } from "./gen/lab/v1/lab_pb.ts";

const TYPES = ["application/connect+proto", "application/grpc-web+proto"];

export async function duplex(checks: Checks, { name, http1 }: Front): Promise<void> {
  for (const contentType of TYPES) {
    await checks.check(`${name}: full duplex, ${contentType}, an upstream over HTTP/1.1`, async () => {
      const call = { origin: http1, path: "/lab.v1.ChatService/Chat", contentType, input: ChatRequestSchema, output: ChatResponseSchema };
      const responses = await converse(call, [{ text: "one" }, { text: "two" }, { text: "three" }]);
      equal(
        responses.map(({ text }) => text),
        ["one!", "two!", "three!"],
      );
    });
    await checks.check(`${name}: full duplex, ${contentType}, a service binding`, async () => {
      const schemas = { input: ServerReflectionRequestSchema, output: ServerReflectionResponseSchema };
      const call = { origin: http1, path: "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo", contentType, ...schemas };
      const listing: Partial<ServerReflectionRequest> = { messageRequest: { case: "listServices", value: "" } };
      const responses = await converse(call, [listing, listing, listing] as never[]);
      equal(
        responses.map(({ messageResponse }) => messageResponse.case),
        ["listServicesResponse", "listServicesResponse", "listServicesResponse"],
      );
    });
  }
}
