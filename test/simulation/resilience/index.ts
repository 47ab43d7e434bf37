// Faults in a world of many isolates: the effect of breakers, retries, budgets, deadlines and hedging, each of them on and off.
import type { Simulation } from "../simulation.ts";
import { scenarios as chains } from "./chain.ts";
import { scenarios as dying } from "./dying.ts";
import { scenarios as hedging } from "./hedging.ts";
import { scenarios as overload } from "./overload.ts";
import { scenarios as triggers } from "./triggers.ts";

export const simulation: Simulation = {
  about:
    "triggers: 9 servers of 4 cores in 3 zones, work 50 ms in the mean, 12 isolates, 75 % load, five retries, attempts of 1 s, calls of 5 s, unless a scenario says otherwise",
  scenarios: [...triggers, ...dying, ...chains, ...hedging, ...overload],
};
