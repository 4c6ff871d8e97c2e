/**
 * The file of `--open-nmea`: addresses that may report by NMEA, and the IDs of
 * their clients.
 *
 * @module
 */
import { faultAt, readEditedLines } from "../../identity/edited_lines.ts";
import type { ByteString } from "../../protocol/bytes.ts";
import { readFile } from "../../runtime/files.ts";
import { parseAddress } from "../../runtime/ip_network.ts";

/** Most characters of a file: more than 10,000 addresses. */
const maxLength = 1024 * 1024;

/** Most bytes of an ID, as by default at the client port. */
const maxIdBytes = 1_024;

const expected =
  'expected an IP address and the ID of a client, such as "192.0.2.7 van-12"';

/** The addresses of a file, which can be read again. */
export class NmeaSenderList {
  readonly #path: string;
  #clients: ReadonlyMap<string, ByteString>;

  private constructor(path: string, clients: ReadonlyMap<string, ByteString>) {
    this.#path = path;
    this.#clients = clients;
  }

  /**
   * Reads a file.
   *
   * @throws {SetupError} If it cannot be read or is wrong.
   */
  static async read(path: string): Promise<NmeaSenderList> {
    return new NmeaSenderList(path, await readSenders(path));
  }

  /** The client of an IP address; undefined if it is not listed. */
  get(address: string): ByteString | undefined {
    return this.#clients.get(address);
  }

  /**
   * Reads the file again.
   *
   * @throws {SetupError} If it cannot be read or is wrong. Nothing changes then.
   */
  async renew(): Promise<void> {
    this.#clients = await readSenders(this.#path);
  }
}

async function readSenders(
  path: string,
): Promise<ReadonlyMap<string, ByteString>> {
  return parseNmeaSenders(await readFile(path), path);
}

/**
 * Parses a file. Each line has an address, white space and an ID.
 *
 * @param path For messages.
 * @returns IDs by addresses, as the system writes them.
 * @throws {SetupError} Naming the file and the line with a fault.
 */
export function parseNmeaSenders(
  text: string,
  path: string,
): ReadonlyMap<string, ByteString> {
  const clients = new Map<string, ByteString>();
  const lineOf = new Map<string, number>();
  for (const line of readEditedLines(text, path, maxLength)) {
    const fields = line.text.split(/[ \t]+/);
    const address = canonicalAddress(fields[0]);
    if (address === undefined || fields.length !== 2) {
      throw faultAt(path, line, expected);
    }
    const [, client] = fields;
    // deno-lint-ignore no-control-regex
    if (client.length > maxIdBytes || /[\x00-\x20\x7f]/.test(client)) {
      throw faultAt(
        path,
        line,
        `expected an ID of at most ${maxIdBytes} bytes without control bytes`,
      );
    }
    const earlier = lineOf.get(address);
    if (earlier !== undefined) {
      throw faultAt(path, line, `${address} is in line ${earlier} already`);
    }
    lineOf.set(address, line.number);
    clients.set(address, client);
  }
  return clients;
}

/** An address as systems write it; undefined if it is none. */
function canonicalAddress(text: string): string | undefined {
  const bytes = parseAddress(text);
  if (bytes === undefined) return undefined;
  const isIpv4 = bytes.subarray(0, 12).every((byte, index) =>
    byte === (index < 10 ? 0 : 0xff)
  );
  if (isIpv4) return bytes.subarray(12).join(".");
  const [address] = text.split("%", 1);
  return URL.parse(`http://[${address}]/`)?.hostname.slice(1, -1);
}
