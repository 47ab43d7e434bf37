// Streams of the same isolate beside the contract of transports: back-pressure, and requests that are streams.
import { create, createFileRegistry, fromJson } from "@bufbuild/protobuf";
import { FileDescriptorProtoSchema, FileDescriptorSetSchema, file_google_protobuf_wrappers } from "@bufbuild/protobuf/wkt";
import { Code, createClient } from "@connectrpc/connect";
import { expect, it } from "vitest";
import { UserService } from "../../../../protos/gen/users/v1/users_pb.ts";
import { inProcess } from "../../../../workers/client/in-process.ts";
import { defineService } from "../../../../workers/service.ts";
import { failureOf } from "../../services/support.ts";
import type { Users } from "../host.ts";

const clientOf = (users: Users) =>
  createClient(
    UserService,
    inProcess(
      defineService(UserService, () => users),
      {},
    ),
  );

it("holds the sender of a stream while nobody reads", async () => {
  let sent = 0;
  const client = clientOf({
    async *watchUsers() {
      for (let revision = 1n; revision <= 100n; revision++) {
        sent += 1;
        yield { revision };
      }
    },
  });
  const stream = client.watchUsers({})[Symbol.asyncIterator]();
  for (let read = 1; read <= 5; read++) {
    await stream.next();
    await new Promise((resolve) => setTimeout(resolve, 2));
    expect(sent).toBe(read);
  }
});

/** A method whose requests are a stream; no proto of the project has one. */
const SUM = createFileRegistry(
  create(FileDescriptorSetSchema, {
    file: [
      file_google_protobuf_wrappers.proto,
      fromJson(FileDescriptorProtoSchema, {
        name: "sum.proto",
        syntax: "proto3",
        package: "test",
        dependency: ["google/protobuf/wrappers.proto"],
        service: [
          {
            name: "Sum",
            method: [
              {
                name: "Add",
                inputType: ".google.protobuf.Int32Value",
                outputType: ".google.protobuf.Int32Value",
                clientStreaming: true,
              },
            ],
          },
        ],
      }),
    ],
  }),
).getService("test.Sum")!;

type Numbers = AsyncIterable<{ readonly value: number }>;
/** The types of a service that is made at run time are those of no method. */
interface SumClient {
  add(requests: Numbers): Promise<{ readonly value: number }>;
}

it("takes a stream of requests, and reports where its caller fails to make one", async () => {
  const add = async (requests: Numbers) => {
    let value = 0;
    for await (const request of requests) value += request.value;
    return { value };
  };
  const client = createClient(
    SUM,
    inProcess(
      defineService(SUM, () => ({ add }) as never),
      {},
    ),
  ) as unknown as SumClient;
  const numbers = async function* (last: number) {
    for (let value = 1; value <= last; value++) yield { value };
    if (last === 3) throw new Error("no more numbers");
  };
  expect(await client.add(numbers(4))).toMatchObject({ value: 10 });
  expect((await failureOf(client.add(numbers(3)))).code).toBe(Code.Canceled);
});
