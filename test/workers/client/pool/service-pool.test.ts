// Clients over a service pool keep the contract of attempts, as the gateway does.
import { describe } from "vitest";
import { attemptContract } from "../../../support/attempt-contract.ts";
import { clientSubject } from "../../../support/client-subject.ts";

describe("a client over a service pool", () => attemptContract(clientSubject));
