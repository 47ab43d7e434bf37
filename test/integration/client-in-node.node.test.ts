// The client in Node keeps the contract of attempts, as it does in Workers.
import { describe } from "vitest";
import { attemptContract } from "../support/attempt-contract.ts";
import { clientSubject } from "../support/client-subject.ts";

describe("a client in Node", () => attemptContract(clientSubject));
