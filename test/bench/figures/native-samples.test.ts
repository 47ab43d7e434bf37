// What is read from the samples of `perf`: the area of each, and the function of JavaScript that it is in.
import { expect, it } from "vitest";
import { areaOf, countBy, functionOf, parseSamples } from "../../../bench/figures/native-samples.ts";

/** As `perf script -F ip,sym` prints them: a get of a header, the conversion of its argument, a collection, a promise, a socket, the kernel. */
const TEXT = `
        5563f1d2a1b0 workerd::api::Headers::getPtr
        5563f1d2a1b4 workerd::api::Headers::get
        5563f1d2aaaa _ZN7workerd3jsg14MethodCallbackINS_6server12_GLOBAL__N_1_ZZNS_3api7Headers15registerMembersINS0_
        7f00a0001234 JS:*'fetchFrom main.js:41605:25
        7f00a0001000 JS:+'send main.js:41577:20
        5563f1d20000 workerd::IoContext::runImpl

        5563f1d2aaaa kj::heapString
        5563f1d2aaab _ZN7workerd3jsg14MethodCallbackINS_6server12_GLOBAL__N_1_ZZNS_3api7Headers15registerMembersINS0_
        7f00a0001000 JS:+'send main.js:41577:20

        7f00a0001000 JS:+'send main.js:41577:20
        5563f1d20000 workerd::IoContext::runImpl

        5563f1d2bbbb v8::internal::Scavenger::Process
        5563f1d2cccc v8::internal::Heap::CollectGarbage
        7f00a0001000 JS:+'send main.js:41577:20

        5563f1d2dddd v8::internal::compiler::Turboshaft::Run

        5563f1d2eeee Builtins_RunMicrotasks
        5563f1d20000 workerd::IoContext::runImpl

        5563f1d2ffff hyper::proto::h1::Server::parse

    ffffffff81000000 entry_SYSCALL_64_after_hwframe

        5563f1d2abcd memmove
`;

it("names the area of each sample: an API by its class, whoever has called it", () => {
  expect(parseSamples(TEXT).map(areaOf)).toEqual([
    "API Headers::get",
    "API Headers, arguments",
    "JavaScript",
    "garbage collection",
    "compiling JavaScript",
    "entering the isolate, promises",
    "HTTP",
    "kernel",
    "other",
  ]);
});

it("counts samples by the innermost function of JavaScript, without those of collections, which are not of one function", () => {
  expect(countBy(parseSamples(TEXT), functionOf)).toEqual([
    ["send main.js:41577:20", 2],
    ["fetchFrom main.js:41605:25", 1],
  ]);
});

it("finds nothing in no samples", () => {
  expect(parseSamples("\n\n")).toEqual([]);
});
