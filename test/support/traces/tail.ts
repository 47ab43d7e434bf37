// Receives the platform's traces of all Workers of a process, and sends each event on to the collector of the test.

interface Env {
  readonly COLLECTOR: string; // origin
}

export default {
  tailStream(onset: unknown, env: Env): (event: unknown) => Promise<void> {
    const send = async (event: unknown): Promise<void> => {
      const body = JSON.stringify(event, (_, value) => (typeof value === "bigint" ? String(value) : value));
      await (await fetch(`${env.COLLECTOR}/tail`, { method: "POST", body })).arrayBuffer();
    };
    void send(onset);
    return send;
  },
};
