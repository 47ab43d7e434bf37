// The same method on the router of connect-es, with its adapters for fetch.
import { createConnectRouter } from "@connectrpc/connect";
import { universalServerRequestFromFetch, universalServerResponseToFetch } from "@connectrpc/connect/protocol";
import { UserService } from "../../../protos/gen/users/v1/users_pb.ts";
import { USER } from "./constant-user.ts";

const router = createConnectRouter();
router.service(UserService, { getUser: () => USER });
const handlers = new Map(router.handlers.map((handler) => [handler.requestPath, handler]));

export default {
  async fetch(request: Request): Promise<Response> {
    const handler = handlers.get(new URL(request.url).pathname);
    if (handler === undefined) return new Response("not found", { status: 404 });
    return universalServerResponseToFetch(await handler(universalServerRequestFromFetch(request, { httpVersion: "1.1" })));
  },
};
