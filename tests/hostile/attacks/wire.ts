/**
 * What attacks share: connections that count what they send and what comes.
 *
 * @module
 */
import { connect } from "../../end_to_end/process.ts";

/** What went over an attacker's connections. */
export interface Traffic {
  sentBytes: number;
  receivedBytes: number;
  /** Whether the other side has closed, or is gone. */
  wasClosed: boolean;
}

/** Tells the test that everything is in place. */
export function sayUnderWay(): void {
  console.log("under way");
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** A connection of an attacker. Errors of it are an end, and no more. */
export class Wire {
  readonly #connection: Deno.TcpConn;
  readonly traffic: Traffic;

  private constructor(connection: Deno.TcpConn, traffic: Traffic) {
    this.#connection = connection;
    this.traffic = traffic;
  }

  static async open(port: number, traffic = newTraffic()): Promise<Wire> {
    return new Wire(await connect(port), traffic);
  }

  /** Sends all of it. False if the connection has ended. */
  async send(bytes: Uint8Array): Promise<boolean> {
    try {
      for (let sent = 0; sent < bytes.length;) {
        const count = await this.#connection.write(bytes.subarray(sent));
        sent += count;
        this.traffic.sentBytes += count;
      }
      return true;
    } catch {
      this.traffic.wasClosed = true;
      return false;
    }
  }

  /** Reads and drops everything in the background. */
  readAll(): Wire {
    (async () => {
      const buffer = new Uint8Array(256 * 1024);
      try {
        let count;
        while ((count = await this.#connection.read(buffer)) !== null) {
          this.traffic.receivedBytes += count;
        }
      } catch {
        // It was reset.
      }
      this.traffic.wasClosed = true;
    })();
    return this;
  }

  /** Reads until something comes that ends a line. */
  async readLine(): Promise<string> {
    const buffer = new Uint8Array(1);
    let text = "";
    while (!text.endsWith("\n")) {
      const count = await this.#connection.read(buffer);
      if (count === null) return text;
      text += String.fromCharCode(buffer[0]);
    }
    return text;
  }

  close(): void {
    this.#connection.close();
  }
}

export function newTraffic(): Traffic {
  return { sentBytes: 0, receivedBytes: 0, wasClosed: false };
}
