// Hosts of the user service with implementations made for a test.
import { createClient, type ServiceImpl } from "@connectrpc/connect";
import { UserService } from "../../../protos/gen/users/v1/users_pb.ts";
import { defineService, type ServiceOptions } from "../../../workers/service.ts";
import { type Fetch, waysToCall } from "../services/support.ts";

export const GET_USER = "/users.v1.UserService/GetUser";
export const LIST_USERS = "/users.v1.UserService/ListUsers";
export const WATCH_USERS = "/users.v1.UserService/WatchUsers";
export const INVALID = { status: 400, code: "invalid_argument" };
export const utf8 = (text: string): Uint8Array<ArrayBuffer> => new Uint8Array(new TextEncoder().encode(text));

export type Users = Partial<ServiceImpl<typeof UserService>>;

export const hosted = (users: Users, options?: ServiceOptions): Fetch => {
  const { fetch } = defineService(UserService, () => users, options);
  return (request) => fetch(request, {});
};

/** @param protocol a name of `waysToCall` */
export const clientOver = (protocol: string, users: Users, options?: ServiceOptions) =>
  createClient(UserService, waysToCall(hosted(users, options)).find(([name]) => name === protocol)![1]);

export const echo: Users = {
  getUser: ({ id }) => ({ id }),
  listUsers: () => ({ nextPageToken: "end" }),
  async *watchUsers({ afterRevision }) {
    yield { revision: afterRevision };
  },
};
