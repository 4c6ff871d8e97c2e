/**
 * Lets clients in, as many as may be, and looks after those who are in: who
 * stands still for too long, or leaves too much unread, is shown out.
 *
 * @module
 */
import { ReportSource } from "../replica/report_source.ts";
import type { EmitEvent } from "../runtime/events.ts";
import {
  type Accepted,
  addressKey,
  formatAddress,
} from "../runtime/network.ts";
import { closeQuietly, type TrafficLog } from "../runtime/transport.ts";
import {
  ClientConnection,
  type ConnectionContext,
  type ConnectionEnd,
} from "./client_connection.ts";
import { heartbeatMs } from "./limits.ts";

/** What the front door needs from its server. */
export interface ClientListenerOptions extends ConnectionContext {
  /** Where a connection's traffic is told. */
  readonly trafficLogFor: (connection: string) => TrafficLog;
  readonly emit: EmitEvent;
}

/** Why a client was turned away. */
type ConnectionLimitName = "connections" | "connections-per-address";

/** All clients of one server. */
export class ClientListener {
  readonly #options: ClientListenerOptions;
  readonly #connections = new Set<ClientConnection>();
  /** How many each address has, if that is limited. */
  readonly #countByAddress = new Map<string, number>();
  #connectionCount = 0;
  #cancelHeartbeat: (() => void) | undefined;
  /** Called when the last client is gone. */
  #onAllClosed: (() => void) | undefined;

  constructor(options: ClientListenerOptions) {
    this.#options = options;
  }

  /** How many clients are connected. */
  get connections(): number {
    return this.#connections.size;
  }

  /** How many there are, and were. */
  get connectionCounts() {
    return { open: this.#connections.size, accepted: this.#connectionCount };
  }

  /** Serves who has connected, if there is room. */
  serve({ address, port, transport }: Accepted): void {
    const { emit, trafficLogFor } = this.#options;
    const remote = formatAddress(address, port);
    const key = this.#isLimitedPerAddress ? addressKey(address) : undefined;
    const limit = this.#refuse(key);
    if (limit !== undefined) {
      closeQuietly(transport);
      this.#options.counts.hit(limit);
      emit("warning", "server", "client refused", { remote, limit });
      return;
    }
    this.#count(key, 1);
    this.#connectionCount += 1;
    const name = `client/${this.#connectionCount}`;
    emit("debug", name, "connected", { remote });
    const connection = new ClientConnection(
      transport,
      trafficLogFor(name),
      this.#options,
      new ReportSource(addressKey(address)),
    );
    this.#connections.add(connection);
    this.#scheduleHeartbeat();
    // No function waits here: it would cost every idle connection its memory.
    connection.run().then((reason) => {
      this.#count(key, -1);
      this.#remove(connection, name, reason);
    });
  }

  /** Answers what was asked, and resolves when no client is connected. */
  async stop(): Promise<void> {
    for (const connection of this.#connections) connection.stop();
    if (this.#connections.size > 0) {
      await new Promise<void>((resolve) => this.#onAllClosed = resolve);
    }
    this.#cancelHeartbeat?.();
  }

  get #isLimitedPerAddress(): boolean {
    return this.#options.limits.maxConnectionsPerAddress < Infinity;
  }

  /** The limit that leaves no room for another connection, if one does. */
  #refuse(key: string | undefined): ConnectionLimitName | undefined {
    const { maxConnections, maxConnectionsPerAddress } = this.#options.limits;
    if (this.#connections.size >= maxConnections) return "connections";
    const ofAddress = key === undefined
      ? 0
      : this.#countByAddress.get(key) ?? 0;
    return ofAddress >= maxConnectionsPerAddress
      ? "connections-per-address"
      : undefined;
  }

  #count(key: string | undefined, change: 1 | -1): void {
    if (key === undefined) return;
    const count = (this.#countByAddress.get(key) ?? 0) + change;
    if (count === 0) this.#countByAddress.delete(key);
    else this.#countByAddress.set(key, count);
  }

  #remove(
    connection: ClientConnection,
    name: string,
    reason: ConnectionEnd,
  ): void {
    this.#connections.delete(connection);
    const { detail } = connection;
    this.#options.emit("debug", name, "closed", {
      reason,
      ...(detail === "" ? {} : { detail }),
    });
    if (this.#connections.size === 0) this.#onAllClosed?.();
  }

  #scheduleHeartbeat(): void {
    this.#cancelHeartbeat ??= this.#options.clock.after(heartbeatMs, () => {
      this.#cancelHeartbeat = undefined;
      for (const connection of this.#connections) connection.onHeartbeat();
      this.#relieveMemory();
      if (this.#connections.size > 0) this.#scheduleHeartbeat();
    });
  }

  /**
   * Ends the connections that leave most unread, until all together leave no
   * more than they may. One client alone may be far below its own limit then.
   */
  #relieveMemory(): void {
    const { counts, limits: { maxReplyBytesInTotal } } = this.#options;
    let bytes = 0;
    for (const { replyBytes } of this.#connections) bytes += replyBytes;
    if (bytes <= maxReplyBytesInTotal) return;
    const largestFirst = [...this.#connections]
      .sort((one, other) => other.replyBytes - one.replyBytes);
    for (const connection of largestFirst) {
      if (bytes <= maxReplyBytesInTotal) return;
      bytes -= connection.replyBytes;
      counts.hit("reply-bytes-in-all");
      connection.abort("slow consumer", "replies fill the server's memory");
    }
  }
}
