// The user service under test, and its store.
import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { createClient } from "@connectrpc/connect";
import { expect, vi } from "vitest";
import { type User, UserService } from "../../../../protos/gen/users/v1/users_pb.ts";
import type { UserStore } from "../../../../workers/services/users/store.ts";
import { connectProto, worker } from "../support.ts";

export const users = createClient(UserService, connectProto(worker));
export const ada = { displayName: "Ada", email: "ada@example.com" };

const stores = (env as unknown as { USER_STORE: DurableObjectNamespace<UserStore> }).USER_STORE;
export const store = () => stores.getByName("directory");

export const create = (name: string): Promise<User> => users.createUser({ user: { displayName: name, email: `${name}@example.com` } });

/** Resolves when `count` calls wait for a change in the store. */
export const watched = (count: number): Promise<void> =>
  vi.waitFor(() => runInDurableObject(store(), ({ journal }: UserStore) => expect(journal.waitingCount).toBe(count)), {
    interval: 5,
    timeout: 60_000,
  });
