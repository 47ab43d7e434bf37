// Allocates a known number of bytes: eight copies of an array of 1,000 doubles, 8 bytes each, in each request.
const DOUBLES = Array.from({ length: 1_000 }, (_, nth) => nth + 0.5);

let last: number[][] = [];

export default {
  fetch(): Response {
    last = [];
    for (let copies = 0; copies < 8; copies++) last.push(DOUBLES.slice());
    return new Response(String(last.length));
  },
};
