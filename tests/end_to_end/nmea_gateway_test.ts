import { createSocket } from "node:dgram";
import { writeAll } from "../../runtime/transport.ts";
import { assertEquals, assertStringIncludes } from "../assert.ts";
import { pgid, rmc, sentence } from "../gateways/nmea/sentences.ts";
import { authority } from "../fakes/certificates.ts";
import {
  clientAuthority,
  type ClientCertificate,
  eve,
  mira,
} from "../fakes/client_certificates.ts";
import { nmeaSamples } from "../gateways/payloads.ts";
import { ask, connect, projectFolder, readAll, TestHerd } from "./process.ts";
import { Files } from "./tls.ts";

const nextTurn = () => new Promise((resolve) => setTimeout(resolve, 0));

/** Sends parts on a connection, a turn of the event loop apart, and ends it. */
async function sendInParts(port: number, parts: readonly string[]) {
  using connection = await connect(port);
  const answers = readAll(connection);
  for (const part of parts) {
    await writeAll(connection, part);
    await nextTurn();
  }
  await connection.closeWrite();
  return await answers;
}

/** Sends datagrams from one port. */
async function sendDatagrams(port: number, datagrams: readonly string[]) {
  const socket = createSocket("udp4");
  // Without an address it would need the permission for 0.0.0.0.
  await new Promise<void>((resolve) => socket.bind(0, "127.0.0.1", resolve));
  for (const datagram of datagrams) {
    await new Promise<void>((resolve) =>
      socket.send(datagram, port, "127.0.0.1", () => resolve())
    );
  }
  socket.close();
}

/** The positions and times that a server knows of these clients. */
async function positionsAt(port: number, ids: readonly string[]) {
  const queries = ids.map((id) => `WHATSAT ${id} 1 1\n`).join("");
  return (await ask(port, queries)).split("\n")
    .filter((line) => line.startsWith("AT ") || line.startsWith("? "))
    .map((line) => line.replace(/^AT \S+ \S+ /, ""));
}

/** How many connections are open at the same time. */
const atOnce = 25;

Deno.test("every sample of NMEA is taken alike over TCP, wherever it is split", async () => {
  await using herd = new TestHerd();
  await herd.start("Hill", ["--nmea"]);
  for (const { file, sightings } of nmeaSamples) {
    const path = `${projectFolder}tests/gateways/payloads/${file}`;
    const text = (await Deno.readTextFile(path))
      .replace(/^\$PGID.*\r?\n/m, "");
    const ids: string[] = [];
    const sending: (() => Promise<void>)[] = [];
    for (let at = 0; at <= text.length; at++) {
      const id = `${file}-${at}`.replaceAll("/", "-");
      ids.push(id);
      sending.push(async () => {
        const parts = [pgid(id) + text.slice(0, at), text.slice(at)];
        assertEquals(await sendInParts(herd.nmeaPortOf("Hill"), parts), "");
      });
    }
    for (let at = 0; at < sending.length; at += atOnce) {
      await Promise.all(sending.slice(at, at + atOnce).map((send) => send()));
    }
    const [sighting] = sightings;
    assertEquals(
      await positionsAt(herd.portOf("Hill"), ids),
      ids.map((id) =>
        sighting === undefined
          ? `? WHATSAT ${id} 1 1`
          : `${id} ${sighting[1]}${sighting[2]} ${sighting[3]}`
      ),
      file,
    );
  }
});

Deno.test("a datagram reaches the neighbours, and the log names its sender", async () => {
  await using herd = new TestHerd();
  const program = await herd.start("Hill", ["--nmea"]);
  await herd.start("Smith");
  await herd.untilLinked(["Hill", "Smith"]);
  await sendDatagrams(herd.nmeaPortOf("Hill"), [pgid("bike"), rmc(7)]);
  await herd.untilLogged("Smith", " bike +1.5+2.5 978307207");
  assertEquals(await positionsAt(herd.portOf("Smith"), ["bike"]), [
    "bike +1.5+2.5 978307207",
  ]);
  program.signal("SIGTERM");
  assertEquals(await program.ended(), 0);
  const log = await Deno.readTextFile(`${herd.logFolder}/Hill.log`);
  assertStringIncludes(log, "nmea/1 <- IAMAT bike +1.5+2.5 978307207\n");
  assertStringIncludes(log, 'nmea/1 -- debug closed reason="stopping"\n');
});

Deno.test("a file lists the addresses that may report, and their clients", async () => {
  await using herd = new TestHerd();
  const path = `${herd.logFolder}/senders`;
  await Deno.writeTextFile(path, "\ufeff# yard\r\n127.0.0.1 bus-7\r\n");
  await herd.start("Hill", ["--nmea", `--open-nmea=${path}`], {}, [
    "--allow-net",
    "--allow-write",
    `--allow-read=${path}`,
  ]);
  const port = herd.nmeaPortOf("Hill");
  assertEquals(await sendInParts(port, [rmc(1)]), "");
  assertEquals(await sendInParts(port, [pgid("van") + rmc(2)]), "");
  await sendDatagrams(port, [sentence("GPGSV,1,1,00") + rmc(3)]);
  await herd.untilLogged("Hill", "IAMAT bus-7 +1.5+2.5 978307203");
  assertEquals(await positionsAt(herd.portOf("Hill"), ["bus-7", "van"]), [
    "bus-7 +1.5+2.5 978307203",
    "? WHATSAT van 1 1",
  ]);
});

Deno.test("at SIGHUP the list of addresses is read again, and the former one stays if the file is wrong", async () => {
  await using herd = new TestHerd();
  const path = `${herd.logFolder}/senders`;
  await Deno.writeTextFile(path, "127.0.0.1 bus\n");
  const program = await herd.start(
    "Hill",
    [
      "--nmea",
      `--open-nmea=${path}`,
    ],
    {},
    ["--allow-net", "--allow-write", `--allow-read=${path}`],
  );
  const port = herd.nmeaPortOf("Hill");
  using open = await connect(port);
  await writeAll(open, rmc(1));
  await herd.untilLogged("Hill", "IAMAT bus +1.5+2.5 978307201");
  const renew = async (text: string, logged: string) => {
    await Deno.writeTextFile(path, text);
    program.signal("SIGHUP");
    await herd.untilLogged("Hill", logged);
  };
  await renew(
    "127.0.0.1 van\n127.0.0.1/8 tram\n",
    `error addresses-kept reason="${path}:2: expected an IP address and the ID`,
  );
  await writeAll(open, rmc(2));
  await herd.untilLogged("Hill", "IAMAT bus +1.5+2.5 978307202");
  await renew("127.0.0.1 van\n", "info addresses-renewed");
  await herd.untilLogged(
    "Hill",
    'nmea/1 -- debug closed reason="identity ended" detail="not listed"',
  );
  await sendDatagrams(port, [rmc(3)]);
  await herd.untilLogged("Hill", "IAMAT van +1.5+2.5 978307203");
});

Deno.test("with an authority of clients, TCP connections need a certificate", async () => {
  await using herd = new TestHerd();
  const path = (name: string, text: string) => {
    const file = `${herd.logFolder}/${name}.pem`;
    Deno.writeTextFileSync(file, text);
    return file;
  };
  await herd.start(
    "Hill",
    [
      "--nmea",
      ...new Files(herd).flags,
      `--tls-client-ca=${path("clients", clientAuthority)}`,
      `--identities=${
        path("identities", "DNS:mira.example reports=mira.example\n")
      }`,
    ],
    {},
    ["--allow-net", "--allow-write", "--allow-read"],
  );
  const connectWith = (certificate: ClientCertificate) =>
    Deno.connectTls({
      hostname: "127.0.0.1",
      port: herd.nmeaPortOf("Hill"),
      caCerts: [authority],
      ...certificate,
    });
  using _unknown = await connectWith(eve);
  await herd.untilLogged(
    "Hill",
    'nmea/1 -- debug closed reason="certificate not listed"',
  );
  using known = await connectWith(mira);
  await writeAll(known, rmc(1));
  await herd.untilLogged("Hill", "IAMAT mira.example +1.5+2.5 978307201");
});
