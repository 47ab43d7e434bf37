// The users service as it is, in a process that counts its calls and can be slowed: GET /count, GET /delay?ms=80.
import users from "../../../workers/services/users/index.ts";

export { UserStore } from "../../../workers/services/users/index.ts";

let calls = 0;
let delayMs = 0;

export default {
  async fetch(request: Request, env: never): Promise<Response> {
    const { pathname, searchParams } = new URL(request.url);
    if (pathname === "/count") return Response.json(calls);
    if (pathname === "/delay") {
      delayMs = Number(searchParams.get("ms"));
      return new Response("ok");
    }
    if (!pathname.startsWith("/grpc.health")) calls += 1;
    if (delayMs > 0) await scheduler.wait(delayMs);
    return users.fetch(request, env);
  },
};
