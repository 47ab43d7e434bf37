// The chat: finds the room of a call, and connects the two streams. The room is a service, too, in a Durable Object.
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { transportTo } from "tidegate/client";
import { defineService } from "tidegate/service";
import { type ChatRequest, ChatService } from "../../../protos/gen/chat/v1/chat_pb.ts";
import type { Room } from "./room.ts";

export { Room } from "./room.ts";

interface Env {
  readonly ROOM: DurableObjectNamespace<Room>;
}

export default defineService(ChatService, (env: Env) => ({
  async *chat(requests, context) {
    const rest = requests[Symbol.asyncIterator]();
    const first = await rest.next();
    const entry = first.done === true ? undefined : first.value.event;
    if (entry?.case !== "entry") throw new ConnectError("write an entry first", Code.InvalidArgument);
    for (const field of ["room", "name"] as const) {
      const { length } = entry.value[field];
      if (length < 1 || length > 100) throw new ConnectError(`${field}: write 1 to 100 characters`, Code.InvalidArgument);
    }
    const room = createClient(ChatService, transportTo(env.ROOM.getByName(entry.value.room), { during: context }));
    yield* room.chat(joined(first.value, rest));
  },
}));

async function* joined(first: ChatRequest, rest: AsyncIterator<ChatRequest>): AsyncGenerator<ChatRequest> {
  for (let next: IteratorResult<ChatRequest> = { value: first }; next.done !== true; next = await rest.next()) yield next.value;
}
