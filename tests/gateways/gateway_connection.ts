/**
 * A connection of a gateway on a pipe. The test controls its clock, replica and
 * places.
 *
 * @module
 */
import { GatewayAccess } from "../../gateways/access.ts";
import type { GatewayContext } from "../../gateways/gateway_context.ts";
import { Intake } from "../../gateways/intake.ts";
import type { ClientRates } from "../../identity/client_rates.ts";
import type { TokenAuthenticator } from "../../identity/token_authenticator.ts";
import { ReportSource } from "../../replica/report_source.ts";
import { LimitCounts } from "../../runtime/limit_counts.ts";
import { ReceivedBytes } from "../../sessions/received_bytes.ts";
import type { ClientLimits } from "../../sessions/limits.ts";
import type {
  Opening,
  ServedConnection,
} from "../../sessions/served_connection.ts";
import { drainMicrotasks, ManualClock } from "../fakes/manual_clock.ts";
import { MemoryReplica } from "../fakes/memory_replica.ts";
import { PipeEnd } from "../fakes/pipe.ts";
import { RecordingTrafficLog } from "../fakes/recording_traffic.ts";
import { FakeBackend } from "../sessions/fake_backend.ts";
import { identitiesWith } from "./identities_with.ts";
import { sessionContext } from "../sessions/session_context.ts";

/** What a test may choose. */
export interface GatewayChoices {
  readonly limits?: Partial<ClientLimits>;
  readonly rates?: ClientRates;
  readonly tokens?: TokenAuthenticator;
  readonly replica?: MemoryReplica;
}

/** A server's gateways without a server. */
export class TestGateway {
  readonly clock = new ManualClock();
  readonly backend = new FakeBackend();
  readonly replica: MemoryReplica;
  readonly context: GatewayContext;
  /** The events, as `NAME EVENT`. */
  readonly events: string[] = [];
  readonly counts = new LimitCounts(this.clock, () => {});
  readonly #connections = new Set<ServedConnection>();
  #names = 0;
  #cancelHeartbeat: (() => void) | undefined;

  constructor({ limits, rates, replica, tokens }: GatewayChoices = {}) {
    this.replica = replica ?? new MemoryReplica();
    const services = {
      ...sessionContext(this.backend, this.replica, limits),
      replica: this.replica,
      counts: this.counts,
      rates,
      clock: this.clock,
      emit: (_level: string, name: string, event: string) => {
        this.events.push(`${name} ${event}`);
      },
      trafficLogFor: () => new RecordingTrafficLog(),
      nextName: (prefix: string) => `${prefix}/1`,
    };
    this.context = {
      services,
      intake: new Intake(services),
      nmeaSenders: undefined,
      access: new GatewayAccess({
        identities: identitiesWith({ tokens, rates }),
        isOpen: false,
        allowedOrigins: [],
      }),
    };
    this.#beat();
  }

  /** Opens a connection. */
  open(
    create: (opening: Opening) => ServedConnection,
    address = "127.0.0.1",
  ): TestConnection {
    const [server, client] = PipeEnd.pair();
    const traffic = new RecordingTrafficLog();
    this.#names += 1;
    const name = `test/${this.#names}`;
    const connection = create({
      transport: server,
      address,
      name,
      traffic,
      source: new ReportSource(address),
      receivedBytes: new ReceivedBytes(Infinity, () => {}),
      nextName: (prefix) => `${prefix}/1`,
    });
    this.#connections.add(connection);
    const ended = connection.run();
    ended.then(() => this.#connections.delete(connection));
    return { client, server, connection, traffic, ended };
  }

  /** The lines that the replica has taken, without server and difference. */
  get reports(): string[] {
    return this.replica.accepted
      .map(({ line }) => line.split(" ").slice(3).join(" "));
  }

  /** Ends the heartbeats. */
  close(): void {
    this.#cancelHeartbeat?.();
  }

  #beat(): void {
    this.#cancelHeartbeat = this.clock.after(1_000, () => {
      for (const connection of this.#connections) connection.onHeartbeat();
      this.#beat();
    });
  }
}

/** A connection under test. */
export interface TestConnection {
  readonly client: PipeEnd;
  readonly server: PipeEnd;
  readonly connection: ServedConnection;
  readonly traffic: RecordingTrafficLog;
  /** Resolves with the reason when the connection ends. */
  readonly ended: ReturnType<ServedConnection["run"]>;
}

/** Sends a text, and returns what comes back without time. */
export async function exchange(
  { client }: TestConnection,
  text: string,
): Promise<string> {
  client.sendText(text);
  await drainMicrotasks();
  return client.takeAll();
}
