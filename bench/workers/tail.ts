// Receives the platform's traces and does nothing with them: with it, spans are traced.
export default {
  tailStream: () => () => undefined,
};
