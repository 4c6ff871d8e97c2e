/**
 * Lets clients in, as many as may be, and looks after those who are in: who
 * stands still for too long, or leaves too much unread, is shown out.
 *
 * @module
 */
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
import { beatMs } from "./limits.ts";

/** What the front door needs from its server. */
export interface FrontDoorOptions extends ConnectionContext {
  /** Where a connection's traffic is told. */
  readonly trafficOf: (connection: string) => TrafficLog;
  readonly emit: EmitEvent;
}

/** Why a client was turned away. */
type Refusal = "connections" | "connections-per-address";

/** All clients of one server. */
export class FrontDoor {
  readonly #options: FrontDoorOptions;
  readonly #connections = new Set<ClientConnection>();
  /** How many each address has, if that is limited. */
  readonly #perOwner = new Map<string, number>();
  #connectionCount = 0;
  #cancelBeat: (() => void) | undefined;
  /** Called when the last client is gone. */
  #onNobody: (() => void) | undefined;

  constructor(options: FrontDoorOptions) {
    this.#options = options;
  }

  /** How many clients are connected. */
  get connections(): number {
    return this.#connections.size;
  }

  /** How many were let in so far. */
  get accepted(): number {
    return this.#connectionCount;
  }

  /** Serves who has connected, if there is room. */
  serve({ address, port, transport }: Accepted): void {
    const { emit, trafficOf } = this.#options;
    const remote = formatAddress(address, port);
    const owner = this.#isLimitedPerOwner ? addressKey(address) : undefined;
    const limit = this.#refuse(owner);
    if (limit !== undefined) {
      closeQuietly(transport);
      this.#options.counts.hit(limit);
      emit("warning", "server", "client refused", { remote, limit });
      return;
    }
    this.#count(owner, 1);
    this.#connectionCount += 1;
    const name = `client/${this.#connectionCount}`;
    emit("debug", name, "connected", { remote });
    const connection = new ClientConnection(
      transport,
      trafficOf(name),
      this.#options,
    );
    this.#connections.add(connection);
    this.#waitForBeat();
    // No function waits here: it would cost every idle connection its memory.
    connection.run().then((reason) => {
      this.#count(owner, -1);
      this.#forget(connection, name, reason);
    });
  }

  /** Answers what was asked, and resolves when no client is connected. */
  async stop(): Promise<void> {
    for (const connection of this.#connections) connection.stop();
    if (this.#connections.size > 0) {
      await new Promise<void>((resolve) => this.#onNobody = resolve);
    }
    this.#cancelBeat?.();
  }

  get #isLimitedPerOwner(): boolean {
    return this.#options.limits.maxConnectionsPerAddress < Infinity;
  }

  /** The limit that leaves no room for another connection, if one does. */
  #refuse(owner: string | undefined): Refusal | undefined {
    const { maxConnections, maxConnectionsPerAddress } = this.#options.limits;
    if (this.#connections.size >= maxConnections) return "connections";
    const ofOwner = owner === undefined ? 0 : this.#perOwner.get(owner) ?? 0;
    return ofOwner >= maxConnectionsPerAddress
      ? "connections-per-address"
      : undefined;
  }

  #count(owner: string | undefined, change: 1 | -1): void {
    if (owner === undefined) return;
    const count = (this.#perOwner.get(owner) ?? 0) + change;
    if (count === 0) this.#perOwner.delete(owner);
    else this.#perOwner.set(owner, count);
  }

  #forget(
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
    if (this.#connections.size === 0) this.#onNobody?.();
  }

  #waitForBeat(): void {
    this.#cancelBeat ??= this.#options.clock.after(beatMs, () => {
      this.#cancelBeat = undefined;
      for (const connection of this.#connections) connection.beat();
      this.#relieveMemory();
      if (this.#connections.size > 0) this.#waitForBeat();
    });
  }

  /**
   * Ends the connections that leave most unread, until all together leave no
   * more than they may. One client alone may be far below its own limit then.
   */
  #relieveMemory(): void {
    const { counts, limits: { maxReplyBytesInAll } } = this.#options;
    let bytes = 0;
    for (const { replyBytes } of this.#connections) bytes += replyBytes;
    if (bytes <= maxReplyBytesInAll) return;
    const largestFirst = [...this.#connections]
      .sort((one, other) => other.replyBytes - one.replyBytes);
    for (const connection of largestFirst) {
      if (bytes <= maxReplyBytesInAll) return;
      bytes -= connection.replyBytes;
      counts.hit("reply-bytes-in-all");
      connection.giveUp("slow consumer", "replies fill the server's memory");
    }
  }
}
