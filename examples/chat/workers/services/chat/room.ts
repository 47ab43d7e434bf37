// A room: passes what each member writes on to all others. A member that reads slowly holds those that write to it, for a while.
import { DurableObject } from "cloudflare:workers";
import { Code, ConnectError } from "@connectrpc/connect";
import { defineService } from "tidegate/service";
import { type ChatRequest, ChatService } from "../../../protos/gen/chat/v1/chat_pb.ts";
import { Mailbox } from "./mailbox.ts";

const MAX_MEMBERS = 100;
const MAX_TEXT = 1_000; // characters

interface Message {
  readonly name: string;
  readonly text: string;
}

export class Room extends DurableObject {
  readonly #members = new Set<Mailbox<Message>>();
  readonly #service = defineService(ChatService, () => ({ chat: (requests) => this.#chat(requests) }));

  override fetch(request: Request): Promise<Response> {
    return this.#service.fetch(request, this.env);
  }

  async *#chat(requests: AsyncIterable<ChatRequest>): AsyncGenerator<Message> {
    const rest = requests[Symbol.asyncIterator]();
    const { value } = await rest.next();
    const name: string = value?.event.case === "entry" ? value.event.value.name : "";
    if (this.#members.size >= MAX_MEMBERS) throw new ConnectError("the room is full", Code.ResourceExhausted);
    const member = new Mailbox<Message>();
    this.#members.add(member);
    try {
      await this.#pass({ name: "", text: `${name} has come` });
      // Runs beside the loop below; whatever ends the requests of this member ends its responses.
      this.#read(rest, name, member).then(
        () => member.end(),
        (error: unknown) => member.end(error),
      );
      yield* member.messages();
    } finally {
      member.end();
      this.#members.delete(member);
      this.ctx.waitUntil(this.#pass({ name: "", text: `${name} has left` }));
    }
  }

  /** The next request is read when the last one has been taken by all members: so they hold the one that writes. */
  async #read(requests: AsyncIterator<ChatRequest>, name: string, member: Mailbox<Message>): Promise<void> {
    for (let next = await requests.next(); next.done !== true; next = await requests.next()) {
      const { event } = next.value;
      if (event.case !== "text" || event.value.length < 1 || event.value.length > MAX_TEXT)
        throw new ConnectError(`text: write 1 to ${MAX_TEXT} characters`, Code.InvalidArgument);
      await this.#pass({ name, text: event.value }, member);
    }
  }

  async #pass(message: Message, from?: Mailbox<Message>): Promise<void> {
    await Promise.all([...this.#members].filter((member) => member !== from).map((member) => member.put(message)));
  }
}
