/**
 * Accepts the connections of clients up to the limits. Closes those that make
 * no progress for too long, or leave too many replies unread.
 *
 * @module
 */
import { ReportSource } from "../replica/report_source.ts";
import type { DescriptorUser } from "../runtime/descriptors.ts";
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
  type OnDenied,
} from "./client_connection.ts";
import { IdleClients } from "./idle_clients.ts";
import {
  fullShare,
  heartbeatMs,
  maxReceivedBytes,
  minConnections,
  minIdleMs,
} from "./limits.ts";
import { ReceivedBytes } from "./received_bytes.ts";
import type {
  ConnectionEnd,
  ConnectionKind,
  ServedConnection,
} from "./served_connection.ts";

/** What a client listener needs from its server. */
export interface ClientListenerOptions extends ConnectionContext {
  /** The traffic log of a connection, by its name. */
  readonly trafficLogFor: (connection: string) => TrafficLog;
  readonly emit: EmitEvent;
  /** Is told of commands that identities do not permit, with the connection. */
  readonly onDenied?: (
    connection: string,
    ...denied: Parameters<OnDenied>
  ) => void;
  /** The limit of that name, if a test needs another one. */
  readonly maxReceivedBytes?: number;
}

/** The limit for which a client was refused. */
type ConnectionLimitName = "connections" | "connections-per-address";

/** All clients of one server, of all kinds: limits apply to them together. */
export class ClientListener implements DescriptorUser {
  readonly #options: ClientListenerOptions;
  readonly #connections = new Set<ServedConnection>();
  /** Connections by address key, if they are limited. */
  readonly #countByAddress = new Map<string, number>();
  readonly #receivedBytes: ReceivedBytes;
  readonly #idleClients = new IdleClients<ServedConnection>(minIdleMs);
  /** How many there may be now: fewer while the system lacks descriptors. */
  #maxConnections: number;
  #connectionCount = 0;
  /** How many names of each kind were given. */
  readonly #nameCounts = new Map<string, number>();
  readonly #lines: ConnectionKind;
  #hasExplainedFullAddress = false;
  #cancelHeartbeat: (() => void) | undefined;
  /** Called when the last connection has ended. */
  #onAllClosed: (() => void) | undefined;

  constructor(options: ClientListenerOptions) {
    this.#options = options;
    this.#receivedBytes = new ReceivedBytes(
      options.maxReceivedBytes ?? maxReceivedBytes,
      () => this.#endUnfinished(),
    );
    this.#maxConnections = options.limits.maxConnections;
    this.#lines = {
      prefix: "client",
      create: ({ name, receivedBytes, source, traffic, transport }) => {
        const { onDenied } = options;
        return new ClientConnection(
          transport,
          traffic,
          options,
          source,
          receivedBytes,
          onDenied && ((...denied) => onDenied(name, ...denied)),
        );
      },
    };
  }

  /** How many clients are connected. */
  get connections(): number {
    return this.#connections.size;
  }

  /** How many are connected, and how many were accepted since the start. */
  get connectionCounts() {
    return {
      open: this.#connections.size,
      limit: this.#maxConnections,
      accepted: this.#connectionCount,
    };
  }

  /**
   * Serves a new connection, or closes it if a limit is reached.
   *
   * @param kind What it speaks: by default the lines of the client port.
   */
  serve(
    { address, port, transport }: Accepted,
    kind: ConnectionKind = this.#lines,
  ): void {
    const { emit, trafficLogFor } = this.#options;
    const remote = formatAddress(address, port);
    const key = addressKey(address);
    this.#makeRoom(key);
    const limit = this.#limitReached(key);
    if (limit !== undefined) {
      closeQuietly(transport);
      this.#options.counts.hit(limit);
      if (limit === "connections-per-address") this.#explainFullAddress(key);
      emit("warning", "server", "client refused", { remote, limit });
      return;
    }
    this.#count(key, 1);
    this.#connectionCount += 1;
    const name = this.nextName(kind.prefix);
    emit("debug", name, "connected", { remote });
    const connection = kind.create({
      transport,
      address,
      name,
      traffic: trafficLogFor(name),
      source: new ReportSource(key),
      receivedBytes: this.#receivedBytes,
      nextName: (prefix) => this.nextName(prefix),
    });
    this.#connections.add(connection);
    this.#scheduleHeartbeat();
    // `then` rather than `await`, whose frame would add to the memory of every
    // idle connection.
    connection.run().then((reason) => {
      this.#remove(connection, name, reason);
    });
  }

  /** Ends the connections whose identities have ended. */
  checkIdentities(): void {
    for (const connection of this.#connections) connection.checkIdentity?.();
  }

  /**
   * Ends all connections with certificates: an authority is trusted no longer.
   *
   * @param detail For the log.
   */
  endCertificates(detail: string): void {
    for (const connection of this.#connections) {
      connection.endCertificate?.(detail);
    }
  }

  /** Stops all connections. Resolves when the last one has ended. */
  async stop(): Promise<void> {
    for (const connection of this.#connections) connection.stop();
    if (this.#connections.size > 0) {
      await new Promise<void>((resolve) => this.#onAllClosed = resolve);
    }
    this.#cancelHeartbeat?.();
  }

  /** The next name of a kind of connections in the log, such as `http/1`. */
  nextName(prefix: string): string {
    const number = (this.#nameCounts.get(prefix) ?? 0) + 1;
    this.#nameCounts.set(prefix, number);
    return `${prefix}/${number}`;
  }

  get #isLimitedPerAddress(): boolean {
    return this.#options.limits.maxConnectionsPerAddress < Infinity;
  }

  /** The limit that another connection would exceed; undefined if none. */
  #limitReached(key: string | undefined): ConnectionLimitName | undefined {
    const { maxConnectionsPerAddress } = this.#options.limits;
    if (this.#connections.size >= this.#maxConnections) return "connections";
    return this.#countOf(key) >= maxConnectionsPerAddress
      ? "connections-per-address"
      : undefined;
  }

  #countOf(key: string | undefined): number {
    return key === undefined ? 0 : this.#countByAddress.get(key) ?? 0;
  }

  /** Ends an idle connection if little room is left, in all or for an address. */
  #makeRoom(key: string | undefined): void {
    const { maxConnectionsPerAddress } = this.#options.limits;
    const isFull = (count: number, max: number) => count + 1 > fullShare * max;
    if (isFull(this.#connections.size, this.#maxConnections)) {
      this.#endIdlest(undefined);
    } else if (isFull(this.#countOf(key), maxConnectionsPerAddress)) {
      this.#endIdlest(key);
    }
  }

  /** Ends the connection that has been idle longest, of an address or of all. */
  #endIdlest(key: string | undefined): void {
    const connection = this.#idleClients.take(this.#connections, key);
    if (connection === undefined) return;
    const seconds = connection.idleMs / 1000;
    connection.abort(
      "idle longest",
      `idle for ${seconds} s when another needed room`,
    );
    this.#options.counts.hit("idle-longest");
    // There is room at once, not only when it has ended.
    this.#forget(connection);
  }

  /**
   * Limits connections to the present number until there are enough descriptors
   * again, and ends the one that has been idle longest.
   */
  onShortage(): number {
    const limit = Math.max(this.#connections.size, minConnections);
    if (limit < this.#maxConnections) {
      this.#maxConnections = limit;
      this.#options.emit("warning", "server", "connection limit lowered", {
        limit,
        reason: "no descriptors are left",
      });
    }
    this.#endIdlest(undefined);
    // The next client takes that descriptor; links need the reserve all the same.
    return 0;
  }

  onRecovery(): void {
    const { emit, limits: { maxConnections: limit } } = this.#options;
    if (this.#maxConnections === limit) return;
    this.#maxConnections = limit;
    emit("info", "server", "connection limit restored", { limit });
  }

  /** Logs once what to do if an address stands for many clients. */
  #explainFullAddress(address: string): void {
    if (this.#hasExplainedFullAddress) return;
    this.#hasExplainedFullAddress = true;
    const { emit, limits } = this.#options;
    emit("warning", "server", "one address is full", {
      address,
      connections: limits.maxConnectionsPerAddress,
      hint: "all clients behind a NAT or a load balancer have its address: " +
        "raise --max-connections-per-address",
    });
  }

  #count(key: string | undefined, change: 1 | -1): void {
    if (key === undefined || !this.#isLimitedPerAddress) return;
    const count = (this.#countByAddress.get(key) ?? 0) + change;
    if (count === 0) this.#countByAddress.delete(key);
    else this.#countByAddress.set(key, count);
  }

  #remove(
    connection: ServedConnection,
    name: string,
    reason: ConnectionEnd,
  ): void {
    this.#forget(connection);
    const { detail } = connection;
    this.#options.emit("debug", name, "closed", {
      reason,
      ...(detail === "" ? {} : { detail }),
    });
    if (this.#connections.size === 0) this.#onAllClosed?.();
  }

  /** The connection counts no longer. */
  #forget(connection: ServedConnection): void {
    if (!this.#connections.delete(connection)) return;
    this.#count(connection.addressKey, -1);
  }

  #scheduleHeartbeat(): void {
    this.#cancelHeartbeat ??= this.#options.clock.after(heartbeatMs, () => {
      this.#cancelHeartbeat = undefined;
      for (const connection of this.#connections) connection.onHeartbeat();
      this.#idleClients.onHeartbeat();
      this.#relieveMemory();
      if (this.#connections.size > 0) this.#scheduleHeartbeat();
    });
  }

  /** Ends the connections with the longest unfinished lines. */
  #endUnfinished(): void {
    const longestFirst = [...this.#connections]
      .filter(({ unfinishedBytes }) => unfinishedBytes > 0)
      .sort((one, other) => other.unfinishedBytes - one.unfinishedBytes);
    for (const connection of longestFirst) {
      if (!this.#receivedBytes.isNearlyFull) return;
      this.#options.counts.hit("unfinished-bytes-in-all");
      connection.abort(
        "unfinished line",
        "unfinished lines of all clients exceed the limit",
      );
      this.#forget(connection);
    }
  }

  /**
   * While unread replies of all clients exceed their limit, ends the connection
   * with most of them, even if it is below its own limit.
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
      connection.abort(
        "slow consumer",
        "unread replies of all clients exceed the limit",
      );
    }
  }
}
