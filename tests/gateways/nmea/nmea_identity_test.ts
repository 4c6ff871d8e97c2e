import { CertificateAuthenticator } from "../../../identity/certificate_authenticator.ts";
import { ClientRates } from "../../../identity/client_rates.ts";
import { parseIdentitiesFile } from "../../../identity/identities_file.ts";
import { encodeBytes } from "../../../protocol/bytes.ts";
import { EncryptionError } from "../../../runtime/transport.ts";
import { heartbeatMs } from "../../../sessions/limits.ts";
import { assert, assertEquals } from "../../assert.ts";
import { drainMicrotasks } from "../../fakes/manual_clock.ts";
import type { PipeEnd } from "../../fakes/pipe.ts";
import {
  attribute,
  commonName,
  makeCertificate,
} from "../../identity/make_certificate.ts";
import { openGateway } from "../open_gateway.ts";
import { newYear, pgid, rmc } from "./sentences.ts";

/** When the clock of these tests begins, in POSIX seconds. */
const now = 1_520_024_734;

/** A gateway whose connections have certificates of these identities. */
async function open(identities: string) {
  const certificates = new CertificateAuthenticator(
    parseIdentitiesFile(identities, "identities"),
  );
  const opened = await openGateway("NMEA", { certificates });
  /** Connects with a certificate for this name. */
  const connect = (name: string, validUntilSeconds = now + 1_000) => {
    const der = makeCertificate([attribute(commonName, name)]);
    return opened.connect("192.0.2.7", {
      peerCertificate: () => Promise.resolve({ der, validUntilSeconds }),
    });
  };
  const connectWithout = () =>
    opened.connect("127.0.0.1", {
      peerCertificate: () => Promise.reject(new EncryptionError("TLS: none")),
    });
  return { ...opened, certificates, connect, connectWithout };
}

async function send(client: PipeEnd, text: string): Promise<void> {
  client.sendText(text);
  await drainMicrotasks();
}

/** The clients of the reports that a replica has. */
const clientsOf = (
  { accepted }: { accepted: readonly { client: string }[] },
) => accepted.map(({ client }) => client);

Deno.test({
  name: "a certificate says for which clients a connection may report",
  permissions: "none",
  async fn() {
    const { connect, connectWithout, events, gateways, refusals, replica } =
      await open('"CN:van 12" reports=van%2012\n');
    await send(connect("van 12"), rmc(1) + pgid("yard") + rmc(2));
    await send(connect("eve"), pgid("van") + rmc(3));
    await send(connectWithout(), pgid("van") + rmc(4));
    assertEquals(clientsOf(replica), ["van%2012"]);
    assertEquals(gateways.status().reasons, { "not-permitted": 1 });
    assertEquals([...refusals.counts], [
      ["report", 1],
      ["certificate-not-listed", 1],
      ["certificate", 1],
    ]);
    assertEquals(events.filter((event) => event.includes("closed")), [
      "nmea/2 closed certificate not listed",
      "nmea/3 closed encryption failed TLS: none",
    ]);
  },
});

Deno.test({
  name: "a connection ends with its certificate, its line and its authority",
  permissions: "none",
  async fn() {
    const {
      certificates,
      clock,
      connect,
      events,
      listener,
      refusals,
      replica,
    } = await open("CN:van reports=van\n");
    const soon = connect("van", newYear);
    await send(soon, rmc(1));
    await clock.advance(heartbeatMs);
    assert(soon.other.isClosed);
    await send(connect("van"), rmc(2));
    certificates.replaceGrants(
      parseIdentitiesFile("CN:bus reports=bus\n", "x"),
    );
    listener.checkIdentities();
    await send(connect("bus"), rmc(3));
    listener.endCertificates("an authority was removed");
    await drainMicrotasks();
    assertEquals(clientsOf(replica), ["van", "van", "bus"]);
    assertEquals(refusals.counts.get("identity-ended"), 3);
    assertEquals(events.filter((event) => event.includes("closed")), [
      "nmea/1 closed identity ended expired",
      "nmea/2 closed identity ended not listed",
      "nmea/3 closed identity ended an authority was removed",
    ]);
  },
});

Deno.test({
  name:
    "a connection that reports too often is read more slowly, and datagrams are dropped",
  permissions: "none",
  async fn() {
    const rates = new ClientRates({ report: 2, query: Infinity });
    const { clock, connect, counts, gateways, replica } = await openGateway(
      "NMEA",
      { rates },
    );
    const client = connect();
    await send(client, pgid("van") + rmc(1) + rmc(2) + rmc(3) + rmc(4));
    assertEquals(replica.accepted.length, 2);
    await clock.advance(500);
    assertEquals(replica.accepted.length, 3);
    await clock.advance(500);
    assertEquals(replica.accepted.length, 4);
    const datagrams = gateways.kindOf("NMEA").datagrams!;
    const receive = (text: string) =>
      datagrams.receive(encodeBytes(text), "127.0.0.1", 5000);
    for (let second = 1; second <= 4; second++) {
      receive(pgid("bus") + rmc(second));
    }
    await drainMicrotasks();
    assertEquals(replica.accepted.length, 6);
    await clock.advance(500);
    receive(pgid("bus") + rmc(5));
    await drainMicrotasks();
    assertEquals(replica.accepted.length, 7);
    assert(counts.hits.get("reports-per-second")! >= 3);
  },
});
