// The table of the rules that open breakers. A new rule is one file and one line here.
import { consecutive } from "./rules/consecutive.ts";
import { failureRate } from "./rules/failure-rate.ts";
import { outlier } from "./rules/outlier.ts";
import { slowRate } from "./rules/slow-rate.ts";
import type { LocalTripRule, PeerTripRule } from "./rules/trip-rule.ts";

export const LOCAL_TRIP_RULES: readonly LocalTripRule[] = [consecutive, failureRate, slowRate];
export const PEER_TRIP_RULES: readonly PeerTripRule[] = [outlier];
