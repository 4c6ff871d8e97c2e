/**
 * What is wrong with a clock, a disk, a file or another server is said, and
 * does no more harm than it has to.
 */
import { assert, assertStringIncludes } from "../assert.ts";
import { writeAll } from "../../runtime/transport.ts";
import { hill as hillFiles } from "../fakes/certificates.ts";
import { ask, connect, readUntil } from "../end_to_end/process.ts";
import { connectTls } from "../end_to_end/tls.ts";
import { encodeBytes } from "../../protocol/bytes.ts";
import { attack } from "./attacker.ts";
import { HonestCrowd } from "./honest_crowd.ts";
import { HostileHerd, type HostileServer } from "./hostile_herd.ts";
import {
  assertAlive,
  atMost,
  figure,
  holdsWithin,
  isLong,
  pause,
  told,
} from "./scenario.ts";

const yearSeconds = 365 * 24 * 3600;

const nowText = () => (Date.now() / 1000).toFixed(3);

/** Reports a client, and asks the same server for it. */
async function isStored({ port }: HostileServer): Promise<boolean> {
  const id = `probe-${crypto.randomUUID()}`;
  const answer = await ask(
    port,
    `IAMAT ${id} +1+1 ${nowText()}\nWHATSAT ${id} 0 0\n`,
  );
  return !answer.includes("?");
}

/** Whether it answers a client at all, within some seconds. */
async function answers(server: HostileServer, seconds = 3): Promise<boolean> {
  const connection = await connect(server.port);
  const late = setTimeout(() => connection.close(), seconds * 1000);
  try {
    await writeAll(connection, "hello\n");
    await readUntil(connection, (text) => text.endsWith("\n"));
    return true;
  } catch {
    return false;
  } finally {
    clearTimeout(late);
    try {
      connection.close();
    } catch {
      // It was too late.
    }
  }
}

/** Whether the server says that it cannot write its log. */
async function tellsOfLog(server: HostileServer): Promise<boolean> {
  const { text } = await server.page("/metrics");
  return new RegExp(`^${told.logFailingMetric}\\S* 1$`, "m").test(text);
}

Deno.test("C13: a server whose clock is a year ahead makes no other server expire reports", async () => {
  await using herd = new HostileHerd([["Hill", "Smith"]]);
  const hill = await herd.start("Hill");
  const smith = await herd.start("Smith", {
    odd: `clock-ahead=${yearSeconds}`,
    flags: ["--max-clients=1000"],
  });
  await attack(herd, "floodIds", {
    ports: [smith.port],
    idBytes: 16,
    count: 1_200,
    seconds: 10,
  }).ended();
  const stored = await isStored(hill);
  figure(`C13: Hill stores reports: ${stored}`);
  assert(stored, "Hill stores nothing any more");
});

Deno.test("C13: a horizon ahead of the clock waits, and is logged", async () => {
  await using herd = new HostileHerd([["Hill", "Smith"]]);
  const hill = await herd.start("Hill");
  await attack(herd, "sayHorizon", {
    port: hill.peerPort,
    from: "Smith",
    to: "Hill",
    time: Math.floor(Date.now() / 1000) + yearSeconds,
    seconds: 1,
  }).ended();
  const stored = await isStored(hill);
  figure(`C13: Hill stores reports after HORIZON: ${stored}`);
  assert(stored, "Hill stores nothing any more");
  assert(
    await holdsWithin(
      5,
      () => herd.log("Hill").includes(` ${told.horizonAheadEvent} `),
    ),
    "the log says nothing of the horizon",
  );
});

Deno.test("C14: a disk that hangs stops no client, and is reported", async () => {
  await using herd = new HostileHerd();
  const hill = await herd.start("Hill", { odd: `disk-hangs=${100_000}` });
  const crowd = new HonestCrowd(hill.port, 1_000);
  // Each time, some hundred kilobytes of log.
  for (let time = 0; time < 15; time++) {
    await atMost(3, crowd.report());
    if (!await answers(hill, 1)) break;
  }
  const isTold = await holdsWithin(15, () => tellsOfLog(hill));
  const { status } = await hill.page("/readyz");
  const isServed = await answers(hill);
  const startMs = performance.now();
  hill.program.signal("SIGTERM");
  const hasEnded = await hill.endedWithin(10);
  const tookMs = Math.round(performance.now() - startMs);
  figure(
    `C14: told: ${isTold}, readyz ${status}, served: ${isServed}, ` +
      `ended after ${tookMs} ms with status ${hill.status}`,
  );
  assert(isServed, "nobody is answered");
  assert(isTold, "no metric tells of the disk");
  assert(status !== 200, "it says that it is ready");
  assert(hasEnded, "it does not end");
});

Deno.test("C14: a server whose disk hangs at its start ends, or serves", async () => {
  await using herd = new HostileHerd();
  const hill = await herd.launch("Hill", { odd: "disk-hangs=0" });
  const gaveUp = await hill.endedWithin(15);
  const isServed = !gaveUp && await answers(hill).catch(() => false);
  if (!gaveUp) hill.program.signal("SIGTERM");
  const hasEnded = await hill.endedWithin(8);
  figure(`C14: at the start: served: ${isServed}, ends: ${hasEnded}`);
  assert(gaveUp || isServed, "it neither ends nor serves");
  assert(hasEnded, "SIGTERM does nothing");
});

/** What may happen to a log that a server has open. */
const disappearances: Record<string, (folder: string) => Promise<void>> = {
  "whose folder was removed": (folder) =>
    Deno.remove(folder, { recursive: true }),
  "whose folder was moved": (folder) => Deno.rename(folder, `${folder}-old`),
  "that was removed": (folder) => Deno.remove(`${folder}/Hill.log`),
};

for (const [how, disappear] of Object.entries(disappearances)) {
  Deno.test(`C15: a log ${how} is written again, or its loss is reported`, async () => {
    await using herd = new HostileHerd();
    const hill = await herd.start("Hill");
    await disappear(herd.logFolder);
    const crowd = new HonestCrowd(hill.port, 1_000);
    const isNoticed = await holdsWithin(8, async () => {
      assert(await crowd.report());
      await pause(0.5);
      const isBack = await Deno.stat(`${herd.logFolder}/Hill.log`)
        .then(({ size }) => size > 0, () => false);
      return isBack || await tellsOfLog(hill);
    });
    figure(`C15: a log ${how}: noticed: ${isNoticed}`);
    assertAlive(hill);
    assert(isNoticed, "it writes to a file that is gone, and says nothing");
  });
}

for (const kind of ["client", "administration", "peer"] as const) {
  Deno.test(`C16: idle connections to the ${kind} port keep no neighbour out`, async () => {
    await using herd = new HostileHerd([["Hill", "Smith"]]);
    const hill = await herd.start("Hill", {
      through: ["sh", "-c", 'ulimit -n 256; exec "$@"', ""],
    });
    const port = {
      client: hill.port,
      administration: hill.adminPort,
      peer: hill.peerPort,
    }[kind];
    const idle = attack(herd, "hold", { port, count: 400, seconds: 40 });
    await idle.underWay();
    await pause(1);
    const smith = await herd.start("Smith");
    const isLinked = await holdsWithin(
      10,
      async () => (await smith.page("/readyz")).status === 200,
    );
    figure(
      `C16: linked beside idle connections to the ${kind} port: ${isLinked}`,
    );
    idle.stop();
    assertAlive(hill);
    assert(isLinked, "Hill and Smith cannot link");
  });
}

Deno.test("C17: two servers with one name are reported", async () => {
  await using herd = new HostileHerd([["Hill", "Smith"]]);
  const hill = await herd.start("Hill");
  await herd.start("Smith");
  const herdFile = `${herd.readFolder}/other.json`;
  const { basePort } = herd;
  Deno.writeTextFileSync(
    herdFile,
    JSON.stringify({
      basePort,
      servers: [{ name: "Hill" }, {
        name: "Smith",
        clientPort: basePort + 50,
        peerPort: basePort + 150,
        adminPort: basePort + 250,
      }],
      links: [["Hill", "Smith"]],
    }),
  );
  await herd.start("Smith", {
    herdFile,
    logFolder: `${herd.logFolder}/other`,
  });
  const seconds = 15;
  const isTold = await holdsWithin(
    seconds,
    () => herd.log("Hill").includes(` warning ${told.twoServersEvent} `),
  );
  const ups = herd.log("Hill").split(" link-up ").length - 1;
  figure(`C17: told: ${isTold}, ${ups} times linked in ${seconds} s`);
  assert(isTold, "Hill says nothing of the two");
  const { text } = await hill.page("/metrics");
  assertStringIncludes(text, told.twoServersMetric);
});

Deno.test("C18: vanished clients make room for others", async () => {
  await using herd = new HostileHerd();
  // A minute of silence is a second of it.
  const factor = isLong ? 1 : 60;
  const hill = await herd.start("Hill", {
    odd: `timers=${factor}`,
    flags: ["--max-connections=20"],
  });
  const silent = attack(herd, "hold", {
    port: hill.port,
    count: 20,
    seconds: 900 / factor + 60,
  });
  await silent.underWay();
  // Longer than ten minutes.
  await pause(660 / factor);
  const hasRoom = await holdsWithin(15, () => answers(hill));
  figure(`C18: has room: ${hasRoom}`);
  silent.stop();
  assertAlive(hill);
  assert(hasRoom, "clients that have vanished keep all others out");
  assert(
    await holdsWithin(
      5,
      () => herd.log("Hill").includes(told.idleLongestReason),
    ),
    "the log does not give the reason",
  );
});

/** Certificates that a person may have written with any editor. */
const spellings: Record<string, { certificate: string; key: string }> = {
  "begins with a byte order mark": {
    certificate: `\ufeff${hillFiles.certificate}`,
    key: hillFiles.key,
  },
  "has a key that begins with one": {
    certificate: hillFiles.certificate,
    key: `\ufeff${hillFiles.key}`,
  },
  "begins with spaces": {
    certificate: `  ${hillFiles.certificate}`,
    key: hillFiles.key,
  },
  "is indented": {
    certificate: hillFiles.certificate.replaceAll(/^(?=.)/gm, "  "),
    key: hillFiles.key,
  },
  "has CR LF and blank lines": {
    certificate: `\r\n${hillFiles.certificate.replaceAll("\n", "\r\n")}\r\n`,
    key: hillFiles.key.replaceAll("\n", "\r\n"),
  },
  "holds the key as well": {
    certificate: hillFiles.key + hillFiles.certificate,
    key: hillFiles.key + hillFiles.certificate,
  },
};

/** A certificate that is spelled so has to be taken. */
const isTaken = (spelling: string) => !/spaces|indented/.test(spelling);

/** The answer to a client that uses TLS. */
async function askSecurely(port: number): Promise<string> {
  const transport = await connectTls(port);
  try {
    await transport.write(encodeBytes("hello\n"));
    const buffer = new Uint8Array(64);
    const count = await transport.read(buffer);
    return new TextDecoder().decode(buffer.subarray(0, count ?? 0));
  } catch (error) {
    return String(error);
  } finally {
    transport.close();
  }
}

for (const [spelling, { certificate, key }] of Object.entries(spellings)) {
  Deno.test(`C19: a certificate that ${spelling} excludes no client`, async () => {
    await using herd = new HostileHerd();
    const paths = [`${herd.readFolder}/cert.pem`, `${herd.readFolder}/key.pem`];
    const write = (files: { certificate: string; key: string }) => {
      Deno.writeTextFileSync(paths[0], files.certificate);
      Deno.writeTextFileSync(paths[1], files.key);
    };
    write(hillFiles);
    const hill = await herd.start("Hill", {
      flags: [`--tls-cert=${paths[0]}`, `--tls-key=${paths[1]}`],
    });
    assert(await askSecurely(hill.port) === "? hello\n");
    write({ certificate, key });
    hill.program.signal("SIGHUP");
    await holdsWithin(
      10,
      () => / certificate-(renewed|kept) /.test(herd.log("Hill")),
    );
    const answer = await askSecurely(hill.port);
    const [renewed] = herd.log("Hill").match(/certificate-\w+/) ?? [];
    figure(`C19: ${spelling}: ${renewed}, then ${answer.trim()}`);
    assert(answer === "? hello\n", `${renewed}, and then: ${answer}`);
    assert(!isTaken(spelling) || renewed === "certificate-renewed", renewed);
  });
}

Deno.test("C20: harmless connections cause no warnings, and a lost neighbour causes one", async () => {
  await using herd = new HostileHerd([["Hill", "Smith"]]);
  const hill = await herd.start("Hill");
  const smith = await herd.start("Smith");
  await holdsWithin(10, () => herd.log("Hill").includes(" caught-up "));
  // As a health check does.
  for (let probe = 0; probe < 50; probe++) {
    (await connect(hill.peerPort)).close();
  }
  await pause(1);
  const warnings = herd.log("Hill").split(" warning link-refused").length - 1;
  smith.program.signal("SIGKILL");
  // A double dial at the start ends in a link that is replaced.
  const loss = / (\w+) link-down neighbour="Smith" reason="(?!replaced)/;
  await holdsWithin(10, () => loss.test(herd.log("Hill")));
  const [, level] = loss.exec(herd.log("Hill")) ?? [];
  figure(`C20: ${warnings} warnings of 50 probes, a loss is: ${level}`);
  assert(warnings === 0, `${warnings} warnings of 50 probes`);
  assert(level === "warning", `the loss of a neighbour is: ${level}`);
});
