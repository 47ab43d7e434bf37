// What happens where there is more work than can be done, or where something is broken.
import type { Simulation } from "../simulation.ts";
import { scenarios } from "./overload.ts";

export const simulation: Simulation = {
  about: "the hosts of the balancers' simulation, and one upstream of 4 cores behind a limit; work 20 ms in the mean, time-out 1 s",
  scenarios,
};
