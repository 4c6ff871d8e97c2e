/**
 * Attacks at the peer port, by a program that gives itself out as a neighbour.
 * On the loopback address a herd needs no secret; with one it would be an
 * attack of a neighbour.
 *
 * @module
 */
import { encodeBytes } from "../../../protocol/bytes.ts";
import { formatHello, formatProofs } from "../../../peers/links/handshake.ts";
import { pause, sayUnderWay, type Traffic, Wire } from "./wire.ts";

/** Whom an attacker plays, and to whom. */
interface Part {
  readonly port: number;
  readonly from: string;
  readonly to: string;
}

/** Links as a neighbour. */
async function link({ from, port, to }: Part): Promise<Wire> {
  const wire = await Wire.open(port);
  const incarnation = crypto.randomUUID();
  const nonce = incarnation.replaceAll("-", "");
  const hello = formatHello({ from, to, incarnation, nonce });
  await wire.send(encodeBytes(`${hello}\n${formatProofs([])}\n`));
  const answers = [await wire.readLine(), await wire.readLine()];
  if (!answers[1].startsWith("PROOF")) {
    throw new Error(`not linked: ${answers.join("")}`);
  }
  const seen = await wire.readLine();
  if (!seen.startsWith("SEEN ")) throw new Error(`no contacts: ${seen}`);
  // It has the server's key, without which nothing is compared.
  const key = await wire.readLine();
  if (!key.startsWith("TREE ")) throw new Error(`no key: ${key}`);
  await wire.send(encodeBytes(key));
  return wire;
}

/** Writes PING all the time, so that the link stays. */
async function beat(wire: Wire, seconds: number): Promise<void> {
  const endMs = performance.now() + seconds * 1000;
  while (performance.now() < endMs) {
    if (!await wire.send(encodeBytes("PING\n"))) return;
    await pause(1_000);
  }
}

/** Links, and reads nothing. */
export async function linkAndStop(
  { seconds, ...part }: Part & { readonly seconds: number },
): Promise<Traffic> {
  const wire = await link(part);
  sayUnderWay();
  await beat(wire, seconds);
  return wire.traffic;
}

/** Sends the same bytes again and again. */
async function repeat(
  wire: Wire,
  lines: (index: number) => string,
  total: number,
  seconds: number,
): Promise<Traffic> {
  sayUnderWay();
  const endMs = performance.now() + seconds * 1000;
  const { traffic } = wire;
  for (let index = 0; traffic.sentBytes < total; index++) {
    if (performance.now() > endMs) break;
    if (!await wire.send(encodeBytes(lines(index)))) break;
  }
  const left = (endMs - performance.now()) / 1000;
  await beat(wire, Math.max(1, left));
  return traffic;
}

const hex = (number: number, digits: number) =>
  number.toString(16).padStart(digits, "0");

/** Begins a list that never ends. */
export async function endlessParts(
  { seconds, total, ...part }: Part & {
    readonly total: number;
    readonly seconds: number;
  },
): Promise<Traffic> {
  const wire = (await link(part)).readAll();
  return await repeat(
    wire,
    (index) => {
      const entries = Array.from({ length: 1_024 }, (_, at) => {
        const number = hex(index * 1_024 + at, 14);
        return ` 0007${number}${number}5e0be100`;
      });
      return `PART 0007${entries.join("")}\n`;
    },
    total,
    seconds,
  );
}

/** Announces reports that do not exist, and does not read the requests. */
export async function endlessMarks(
  { seconds, total, ...part }: Part & {
    readonly total: number;
    readonly seconds: number;
  },
): Promise<Traffic> {
  const wire = await link(part);
  return await repeat(
    wire,
    (index) => {
      const marks = Array.from(
        { length: 1_024 },
        (_, at) => ` ${hex(at, 4)}${hex(index * 1_024 + at + 1, 14)}`,
      );
      return `HAVE${marks.join("")}\n`;
    },
    total,
    seconds,
  );
}

/** Says all the time that it has nothing. */
export async function repeatDigests(
  { reads = true, seconds, total, ...part }: Part & {
    /** Whether it reads what it is sent. */
    readonly reads?: boolean;
    readonly total: number;
    readonly seconds: number;
  },
): Promise<Traffic> {
  const wire = await link(part);
  if (reads) wire.readAll();
  const digests = `DIGEST -${" 0".repeat(16)}\n`.repeat(1_000);
  return await repeat(wire, () => digests, total, seconds);
}

/** Says again and again that it has something else in one leaf. */
export async function compareLeaf(
  { leaf, seconds, ...part }: Part & {
    readonly leaf: number;
    readonly seconds: number;
  },
): Promise<Traffic> {
  const wire = (await link(part)).readAll();
  const line = `DIGEST ${hex(leaf >>> 4, 3)}${" 1".repeat(16)}\n`;
  sayUnderWay();
  const endMs = performance.now() + seconds * 1000;
  while (performance.now() < endMs) {
    if (!await wire.send(encodeBytes(line))) break;
    await pause(500);
  }
  return wire.traffic;
}

/** Says that everything up to a time has expired. */
export async function sayHorizon(
  { seconds, time, ...part }: Part & {
    readonly time: number;
    readonly seconds: number;
  },
): Promise<Traffic> {
  const wire = (await link(part)).readAll();
  await wire.send(encodeBytes(`HORIZON ${time}\n`));
  sayUnderWay();
  await beat(wire, seconds);
  return wire.traffic;
}
