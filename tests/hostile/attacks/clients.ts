/**
 * Attacks of ordinary clients: without a secret, at the client port.
 *
 * @module
 */
import { connect } from "node:net";
import { encodeBytes } from "../../../protocol/bytes.ts";
import { idsOfLeaf } from "./aimed_ids.ts";
import { newTraffic, pause, sayUnderWay, type Traffic, Wire } from "./wire.ts";

const nowText = () => (Date.now() / 1000).toFixed(3);

/** Reports distinct clients with long IDs. */
export async function floodIds(
  { connections = 1, count, fill = "x", idBytes, ports, seconds }: {
    readonly ports: readonly number[];
    readonly idBytes: number;
    /** What the IDs are filled with. */
    readonly fill?: string;
    /** At each port. */
    readonly connections?: number;
    /** So many on each connection at most. */
    readonly count: number;
    readonly seconds: number;
  },
): Promise<Traffic> {
  const traffic = newTraffic();
  const wires = await Promise.all(
    Array.from({ length: connections }, () => ports).flat()
      .map((port) => Wire.open(port, traffic)),
  );
  const endMs = performance.now() + seconds * 1000;
  sayUnderWay();
  await Promise.all(wires.map(async (wire, index) => {
    const isDone = wire.readAll();
    for (let at = 0; at < count && performance.now() < endMs; at++) {
      const id = `f${index}-${at}-`.padEnd(idBytes, fill);
      if (!await isDone.send(encodeBytes(`IAMAT ${id} +1+1 ${nowText()}\n`))) {
        return;
      }
    }
    // The answers to the last of them.
    await pause(500);
  }));
  return traffic;
}

/** The same clients, with positions that have more and more digits. */
export async function growPositions(
  { clients, mostBytes, port, stepBytes }: {
    readonly port: number;
    readonly clients: number;
    readonly stepBytes: number;
    readonly mostBytes: number;
  },
): Promise<Traffic> {
  const wire = (await Wire.open(port)).readAll();
  sayUnderWay();
  for (let size = stepBytes; size <= mostBytes; size += stepBytes) {
    const position = `+1.${"0".repeat(size)}+1`;
    for (let client = 0; client < clients; client++) {
      const line = `IAMAT g${client} ${position} ${nowText()}${size}\n`;
      if (!await wire.send(encodeBytes(line))) return wire.traffic;
    }
  }
  await pause(1_000);
  return wire.traffic;
}

/** Sends the same lines at once on many connections, and reads what comes. */
export async function askAtOnce(
  { connections, first, isRepeated = false, line, port, seconds, times }: {
    readonly port: number;
    /** Sent before, on a connection of its own. */
    readonly first: string;
    readonly line: string;
    readonly times: number;
    readonly connections: number;
    /** Whether each connection sends them again until the time is over. */
    readonly isRepeated?: boolean;
    /** How long it waits for answers. */
    readonly seconds: number;
  },
): Promise<Traffic> {
  const teller = await Wire.open(port);
  await teller.send(encodeBytes(first));
  await teller.readLine();
  const traffic = newTraffic();
  const wires = await Promise.all(
    Array.from({ length: connections }, () => Wire.open(port, traffic)),
  );
  for (const wire of wires) wire.readAll();
  const bytes = encodeBytes(line.repeat(times));
  const endMs = performance.now() + seconds * 1000;
  sayUnderWay();
  const sending = Promise.all(wires.map(async (wire) => {
    do {
      if (!await wire.send(bytes)) return;
    } while (isRepeated && performance.now() < endMs);
  }));
  // Repeated lines wait for room until the end.
  if (!isRepeated) await sending;
  await pause(seconds * 1000);
  return traffic;
}

/** Reports clients whose IDs are all below one leaf of the digest tree. */
export async function aimIds(
  { count, leaf, port, seconds = Infinity }: {
    readonly port: number;
    readonly leaf: number;
    /** How many there are at most. */
    readonly count: number;
    /** How long it sends at most. */
    readonly seconds?: number;
  },
): Promise<Traffic> {
  const wire = (await Wire.open(port)).readAll();
  const endMs = performance.now() + seconds * 1000;
  sayUnderWay();
  let lines = "";
  let at = 0;
  for (const id of idsOfLeaf(leaf, count)) {
    lines += `IAMAT ${id} +1+1 ${nowText()}\n`;
    at += 1;
    if (at % 1_000 > 0 && at < count) continue;
    if (!await wire.send(encodeBytes(lines))) break;
    lines = "";
    if (performance.now() > endMs) break;
  }
  await pause(500);
  return wire.traffic;
}

/** Opens connections one after the other, and holds them without reading. */
export async function hold(
  { count, port, seconds, text = "" }: {
    readonly port: number;
    readonly count: number;
    readonly seconds: number;
    /** What each of them sends first. */
    readonly text?: string;
  },
): Promise<Traffic> {
  const traffic = newTraffic();
  const wires: Wire[] = [];
  const bytes = encodeBytes(text);
  for (let index = 0; index < count; index++) {
    try {
      const wire = await Wire.open(port, traffic);
      wires.push(wire);
      // The server may stop reading.
      if (text !== "") wire.send(bytes);
    } catch {
      break;
    }
  }
  sayUnderWay();
  await pause(seconds * 1000);
  for (const wire of wires) wire.close();
  return traffic;
}

/** Reports clients from another address of this machine, one by one. */
export async function reportFrom(
  { address, ids, port }: {
    readonly address: string;
    readonly port: number;
    readonly ids: readonly string[];
  },
): Promise<{ readonly answers: readonly string[] }> {
  const socket = connect({ host: "127.0.0.1", port, localAddress: address });
  let text = "";
  let onText = () => {};
  socket.on("data", (chunk: Uint8Array) => {
    text += new TextDecoder().decode(chunk);
    onText();
  });
  const answers: string[] = [];
  sayUnderWay();
  for (const id of ids) {
    text = "";
    socket.write(`IAMAT ${id} +1.5-1.5 ${nowText()}\n`);
    while (!text.endsWith("\n")) {
      await new Promise<void>((resolve) => onText = resolve);
    }
    answers.push(text);
  }
  return { answers };
}
