// A network that fails on demand, between clients and a server.
import { connect, createServer } from "node:net";

/**
 * `faults.lose`: share of answers that are lost after the request has reached the server. `frozen`: nothing passes any more. `down`: nobody gets through.
 * `refuse`: a pattern of requests that are answered 502, as by a proxy that doesn't know them. */
export async function failingNetwork(port) {
  const pairs = new Set();
  const faults = { lose: 0, frozen: false, down: false, refuse: null };
  const server = createServer((client) => {
    if (faults.down) return void client.on("error", () => {}).destroy();
    const upstream = connect(port, "127.0.0.1");
    const pair = { end: () => (client.destroy(), upstream.destroy(), pairs.delete(pair)) };
    pairs.add(pair);
    client.on("data", (data) => {
      if (faults.refuse?.test(data.subarray(0, 400).toString("latin1"))) client.end("HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
      else if (!faults.frozen) upstream.write(data);
    });
    upstream.on("data", (data) => {
      if (faults.frozen) return;
      if (data.subarray(0, 5).toString() === "HTTP/" && Math.random() < faults.lose) pair.end();
      else client.write(data);
    });
    for (const socket of [client, upstream]) for (const type of ["error", "close"]) socket.on(type, pair.end);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    faults,
    cut: () => [...pairs].forEach(({ end }) => end()),
    close() {
      this.cut();
      server.close();
    },
  };
}
