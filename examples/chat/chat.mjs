// Two callers in one room, as Node programs are: `node chat.mjs HOST`. A message of Connect is an envelope: a flag, its length, its JSON.
import { request } from "node:http";

const END = 2; // flag of the last envelope

class Caller {
  constructor(name, room = "lobby") {
    this.name = name;
    const headers = { "content-type": "application/connect+json", "connect-protocol-version": "1", "connect-timeout-ms": "60000" };
    this.call = request(`http://${process.argv[2] ?? "localhost:8787"}/chat.v1.ChatService/Chat`, { method: "POST", headers });
    this.response = new Promise((resolve, reject) => this.call.on("response", resolve).on("error", reject));
    this.messages = this.read();
    this.write({ entry: { room, name } });
  }

  write(message) {
    const json = Buffer.from(JSON.stringify(message));
    const head = Buffer.alloc(5);
    head.writeUInt32BE(json.length, 1);
    this.call.write(Buffer.concat([head, json])); // false: the room holds this caller
  }

  async *read() {
    let bytes = Buffer.alloc(0);
    for await (const chunk of await this.response) {
      bytes = Buffer.concat([bytes, chunk]);
      while (bytes.length >= 5 && bytes.length >= 5 + bytes.readUInt32BE(1)) {
        const [flags, size] = [bytes[0], 5 + bytes.readUInt32BE(1)];
        const message = JSON.parse(bytes.subarray(5, size));
        bytes = bytes.subarray(size);
        if (flags === END && message.error !== undefined) throw new Error(`${message.error.code}: ${message.error.message}`);
        if (flags !== END) yield message;
      }
    }
  }

  /** Prints the next message. */
  async next() {
    const { done, value } = await this.messages.next();
    console.log(`${this.name} reads: ${done ? "the end" : `${value.name ? `${value.name}: ` : ""}${value.text}`}`);
  }
}

const ada = new Caller("Ada");
await ada.next();
const bob = new Caller("Bob");
await ada.next();
await bob.next();
ada.write({ text: "Hello, Bob!" });
await bob.next();
bob.write({ text: "Hello, Ada!" });
await ada.next();
bob.call.end(); // leaves
await bob.next();
await ada.next();
ada.call.destroy(); // hangs up: the room sees that, too
